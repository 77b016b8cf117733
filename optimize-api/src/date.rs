//! Dates, as the server writes them.

use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A date of a row or of a variable: a point in time, to the millisecond.
///
/// Written as `2024-03-05T14:07:09.120+0000`, in UTC and without a colon in the offset, as the server writes and expects it;
/// read with any offset, with a colon or without.
///
/// ```
/// use optimize_api::{Date, ExternalVariable, VariableType};
///
/// let paid: Date = "2024-03-05T15:07:09.12+01:00".parse()?;
/// assert_eq!(paid.to_string(), "2024-03-05T14:07:09.120+0000");
/// let variable = ExternalVariable::new("invoice", "2251799813700042", "paid", VariableType::Date).with_value(paid);
/// # Ok::<(), optimize_api::DateError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(Timestamp);

/// A text that is no date: the error of reading a [`Date`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DateError(String);

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is no date such as 2024-03-05T14:07:09.120+0000: {}", self.0)
    }
}

impl StdError for DateError {}

impl Date {
    /// The milliseconds since 1970.
    pub fn as_millisecond(self) -> i64 {
        self.0.as_millisecond()
    }
}

impl From<Date> for SystemTime {
    fn from(date: Date) -> Self {
        date.0.into()
    }
}

/// Fails for a time before the year -9999 or after 9999.
impl TryFrom<SystemTime> for Date {
    type Error = DateError;

    fn try_from(time: SystemTime) -> Result<Self, DateError> {
        Timestamp::try_from(time).map(Self).map_err(|error| DateError(error.to_string()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").fmt(f)
    }
}

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        text.parse().map(Self).map_err(|error: jiff::Error| DateError(error.to_string()))
    }
}

impl From<Date> for String {
    fn from(date: Date) -> Self {
        date.to_string()
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_with_a_colon_and_without() {
        for text in [
            "2024-03-05T14:07:09.120+0000",
            "2024-03-05T14:07:09.12Z",
            "2024-03-05T16:07:09.120+0200",
            "2024-03-05T09:37:09.120-04:30",
        ] {
            let date: Date = serde_json::from_value(text.into()).unwrap();
            assert_eq!(serde_json::to_string(&date).unwrap(), "\"2024-03-05T14:07:09.120+0000\"", "{text}");
        }
        for text in ["2024-03-05T14:07:09.120", "2024-02-30T00:00:00Z", "", "now"] {
            assert!(text.parse::<Date>().is_err(), "{text}");
        }
    }
}
