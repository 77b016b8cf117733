//! The releases of Camunda, and where they respond differently.

use std::fmt;
use std::str::FromStr;

/// The release of Camunda that a sandbox behaves as.
///
/// ```
/// use optimize_sandbox::Release;
///
/// for release in Release::ALL {
///     assert_eq!(release.name().parse(), Ok(release));
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Release {
    /// Camunda 8.0 to 8.6 and Optimize 3.8 to 3.14 for Camunda 7: Jersey on Jetty.
    V8_6,
    /// Camunda 8.7: as 8.6, with collections, and with any failure of a report's evaluation as 500.
    V8_7,
    /// Camunda 8.8: Spring MVC on Tomcat.
    #[default]
    V8_8,
    /// Camunda 8.9: as 8.8, with newer libraries that respond differently to what is not a request of the API.
    V8_9,
    /// Camunda 8.10: as 8.8, with the Camunda Security Library in front.
    V8_10,
}

impl Release {
    /// Every release, oldest first.
    pub const ALL: [Self; 5] = [Self::V8_6, Self::V8_7, Self::V8_8, Self::V8_9, Self::V8_10];

    /// Its number, such as `8.10`.
    pub fn name(self) -> &'static str {
        match self {
            Self::V8_6 => "8.6",
            Self::V8_7 => "8.7",
            Self::V8_8 => "8.8",
            Self::V8_9 => "8.9",
            Self::V8_10 => "8.10",
        }
    }

    /// Whether a shared static token can be configured.
    pub(crate) fn has_static_token(self) -> bool {
        self != Self::V8_10
    }

    /// Whether it is made of Jersey and Jetty, as before 8.8.
    pub(crate) fn is_jersey(self) -> bool {
        matches!(self, Self::V8_6 | Self::V8_7)
    }

    /// Whether a request without a session is redirected to the login page, also where the keys of the issuer cannot be had.
    pub(crate) fn redirects_to_login(self) -> bool {
        matches!(self, Self::V8_6 | Self::V8_7 | Self::V8_8)
    }

    /// Whether challenges name the metadata of the protected resource (RFC 9728).
    pub(crate) fn names_resource_metadata(self) -> bool {
        matches!(self, Self::V8_9 | Self::V8_10)
    }

    /// Whether a dashboard's filter of a variable is looked for in reports before they are imported.
    pub(crate) fn looks_for_filters_too_early(self) -> bool {
        matches!(self, Self::V8_8 | Self::V8_9)
    }

    /// The code of an import whose index versions differ.
    pub(crate) fn index_mismatch_code(self) -> &'static str {
        if self.is_jersey() { "importIndexVersionMismatch" } else { "badRequestError" }
    }

    /// Whether failures of a report's evaluation are wrapped, so that "not found" and "bad request" come out as 500.
    pub(crate) fn wraps_evaluation_failures(self) -> bool {
        self != Self::V8_6
    }
}

impl FromStr for Release {
    type Err = UnknownRelease;

    fn from_str(text: &str) -> Result<Self, UnknownRelease> {
        Self::ALL.into_iter().find(|release| release.name() == text).ok_or(UnknownRelease)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The sandbox does not know a release of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownRelease;

impl fmt::Display for UnknownRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected one of {}", Release::ALL.map(Release::name).join(", "))
    }
}

impl std::error::Error for UnknownRelease {}
