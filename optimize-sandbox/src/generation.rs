//! The server generations, and where they answer differently.

use std::fmt;
use std::str::FromStr;

/// A server generation: which release line the sandbox behaves as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Generation {
    /// Camunda 8.0 to 8.6 and Optimize 3.8 to 3.14 for Camunda 7: Jersey on Jetty.
    G2,
    /// Camunda 8.7: as G2, with collections, and with any failure of a report's evaluation as 500.
    G2Late,
    /// Camunda 8.8: Spring MVC on Tomcat.
    #[default]
    G3,
    /// Camunda 8.9: as G3, with newer libraries that answer differently to what is not a request of the API.
    G3Late,
    /// Camunda 8.10: as G3, with the Camunda Security Library in front.
    G4,
}

impl Generation {
    /// Whether a shared static token can be configured.
    pub(crate) fn has_static_token(self) -> bool {
        self != Self::G4
    }

    /// Whether it is made of Jersey and Jetty, as before 8.8.
    pub(crate) fn is_jersey(self) -> bool {
        matches!(self, Self::G2 | Self::G2Late)
    }

    /// Whether a request without a session is redirected to the login page, also where the keys of the issuer cannot be had.
    pub(crate) fn redirects_to_login(self) -> bool {
        matches!(self, Self::G2 | Self::G2Late | Self::G3)
    }

    /// Whether challenges name the metadata of the protected resource (RFC 9728).
    pub(crate) fn names_resource_metadata(self) -> bool {
        matches!(self, Self::G3Late | Self::G4)
    }

    /// The code of an import whose index versions differ.
    pub(crate) fn index_mismatch_code(self) -> &'static str {
        if self.is_jersey() { "importIndexVersionMismatch" } else { "badRequestError" }
    }

    /// Whether failures of a report's evaluation are wrapped, so that "not found" and "bad request" come out as 500.
    pub(crate) fn wraps_evaluation_failures(self) -> bool {
        self != Self::G2
    }
}

impl FromStr for Generation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "g2" => Ok(Self::G2),
            "g2-8.7" => Ok(Self::G2Late),
            "g3" => Ok(Self::G3),
            "g3-8.9" => Ok(Self::G3Late),
            "g4" => Ok(Self::G4),
            _ => Err("expected g2, g2-8.7, g3, g3-8.9 or g4".to_owned()),
        }
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::G2 => "g2",
            Self::G2Late => "g2-8.7",
            Self::G3 => "g3",
            Self::G3Late => "g3-8.9",
            Self::G4 => "g4",
        })
    }
}
