//! The types of columns, and values that are read as one of them.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum ColumnType {
    /// Any value, as a person reads it. Always right.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number of 64 bits.
    Integer,
    /// A floating-point number of 64 bits.
    Double,
    /// A number of so many digits, of which so many stand behind the point.
    Decimal(u8, i8),
    /// A moment, in milliseconds.
    Timestamp,
}

/// The most digits of a decimal.
pub(crate) const MOST_DIGITS: usize = 38;

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("text"),
            Self::Boolean => f.write_str("boolean"),
            Self::Integer => f.write_str("integer"),
            Self::Double => f.write_str("double"),
            Self::Decimal(digits, scale) => write!(f, "decimal({digits},{scale})"),
            Self::Timestamp => f.write_str("timestamp"),
        }
    }
}

impl From<ColumnType> for String {
    fn from(column: ColumnType) -> Self {
        column.to_string()
    }
}

impl TryFrom<String> for ColumnType {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for ColumnType {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || {
            format!(
                "unknown type {text:?}; the types are text, boolean, integer, double, decimal(DIGITS,SCALE), timestamp"
            )
        };
        Ok(match text {
            "text" => Self::Text,
            "boolean" => Self::Boolean,
            "integer" => Self::Integer,
            "double" => Self::Double,
            "timestamp" => Self::Timestamp,
            _ => {
                let inside =
                    text.strip_prefix("decimal(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(unknown)?;
                let (digits, scale) = inside.split_once(',').ok_or_else(unknown)?;
                let (digits, scale) = (digits.trim().parse::<u8>(), scale.trim().parse::<i8>());
                match (digits, scale) {
                    (Ok(digits @ 1..=38), Ok(scale)) if scale >= 0 && scale.unsigned_abs() <= digits => {
                        Self::Decimal(digits, scale)
                    }
                    _ => {
                        return Err(format!(
                            "{text}: a decimal has 1 to {MOST_DIGITS} digits, and not more behind the point"
                        ));
                    }
                }
            }
        })
    }
}

/// A value of a type; a missing one is `None` outside of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Typed<'a> {
    Text(&'a str),
    Boolean(bool),
    Integer(i64),
    Double(f64),
    /// The digits, without the point.
    Decimal(i128),
    /// Milliseconds since 1970.
    Timestamp(i64),
}

impl ColumnType {
    /// The value of a text that is not empty; `None` if it does not fit.
    pub(crate) fn read(self, text: &str) -> Option<Typed<'_>> {
        Some(match self {
            Self::Text => Typed::Text(text),
            Self::Boolean => Typed::Boolean(match text {
                "true" => true,
                "false" => false,
                _ => return None,
            }),
            Self::Integer => Typed::Integer(text.parse().ok()?),
            Self::Double => Typed::Double(number(text)?),
            Self::Decimal(digits, scale) => Typed::Decimal(decimal(text, digits, scale)?),
            Self::Timestamp => Typed::Timestamp(millisecond(text)?),
        })
    }
}

/// A finite number in the form of JSON.
fn number(text: &str) -> Option<f64> {
    let is_plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    text.parse::<f64>().ok().filter(|number| is_plain && number.is_finite())
}

/// A decimal's sign, the digits before the point, and those behind it.
pub(crate) fn decimal_parts(text: &str) -> Option<(bool, &str, &str)> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    (!whole.is_empty() && are_digits(whole) && are_digits(fraction)).then_some((is_negative, whole, fraction))
}

fn decimal(text: &str, digits: u8, scale: i8) -> Option<i128> {
    let (is_negative, whole, fraction) = decimal_parts(text)?;
    let missing = usize::from(scale.unsigned_abs()).checked_sub(fraction.len())?;
    let mut number: i128 = 0;
    for byte in whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', missing)) {
        number = number.checked_mul(10)?.checked_add(i128::from(byte - b'0'))?;
    }
    let fits = 10_i128.checked_pow(u32::from(digits)).is_none_or(|limit| number < limit);
    fits.then_some(if is_negative { -number } else { number })
}

/// A moment in milliseconds since 1970, in Optimize's form `2024-05-01T12:30:00.000+0200`, or in that of RFC 3339.
pub(crate) fn millisecond(text: &str) -> Option<i64> {
    let (date, offset) = match text.as_bytes() {
        [.., b'Z'] => (text.get(..text.len() - 1)?, Some(0)),
        [.., b'+' | b'-', _, _, b':', _, _] => (text.get(..text.len() - 6)?, None),
        [.., b'+' | b'-', _, _, _, _] => (text.get(..text.len() - 5)?, None),
        _ => return None,
    };
    let offset = match offset {
        Some(offset) => offset,
        None => offset_seconds(text.get(date.len()..)?)?,
    };
    let date = civil(date)?;
    let zone = Offset::from_seconds(offset).ok()?;
    Some(zone.to_timestamp(date).ok()?.as_millisecond())
}

/// A moment in Optimize's form, in UTC.
pub(crate) fn server_date(millisecond: i64) -> String {
    let moment = jiff::Timestamp::from_millisecond(millisecond).unwrap_or_default();
    moment.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

fn offset_seconds(text: &str) -> Option<i32> {
    let digits: Vec<_> = text.bytes().skip(1).filter(|byte| *byte != b':').collect();
    let [a, b, c, d] = digits.as_slice() else { return None };
    let pair = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit()).then(|| i32::from(10 * (tens - b'0') + ones - b'0'))
    };
    let seconds = 3600 * pair(*a, *b)? + 60 * pair(*c, *d)?;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

/// `2024-05-01T12:30:00` with up to three digits behind the second.
fn civil(text: &str) -> Option<DateTime> {
    let bytes = text.as_bytes();
    if bytes.len() < 19
        || bytes[4] != b'-'
        || bytes[7] != b'-'
        || bytes[10] != b'T'
        || bytes[13] != b':'
        || bytes[16] != b':'
    {
        return None;
    }
    let part = |from: usize, to: usize| {
        let digits = &bytes[from..to];
        digits
            .iter()
            .all(u8::is_ascii_digit)
            .then(|| digits.iter().fold(0_i32, |number, byte| 10 * number + i32::from(byte - b'0')))
    };
    let fraction = match &bytes[19..] {
        [] => 0,
        [b'.', digits @ ..] if (1..=3).contains(&digits.len()) => {
            part(20, bytes.len())? * [100, 10, 1][digits.len() - 1]
        }
        _ => return None,
    };
    let small = |from: usize| part(from, from + 2).and_then(|number| i8::try_from(number).ok());
    let year = i16::try_from(part(0, 4)?).ok()?;
    DateTime::new(year, small(5)?, small(8)?, small(11)?, small(14)?, small(17)?, fraction * 1_000_000).ok()
}

/// A double as Java writes it, which is how Optimize does.
pub(crate) fn java_double(number: f64) -> String {
    if number == 0.0 {
        return if number.is_sign_negative() { "-0.0" } else { "0.0" }.to_owned();
    }
    if (1e-3..1e7).contains(&number.abs()) {
        return format!("{number:?}");
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let point = if mantissa.contains('.') { "" } else { ".0" };
    format!("{mantissa}{point}E{exponent}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_the_server_s_form_and_in_that_of_rfc_3339() {
        for text in [
            "2024-05-01T12:30:00.250+0200",
            "2024-05-01T10:30:00.250+0000",
            "2024-05-01T10:30:00.250Z",
            "2024-05-01T05:00:00.25-05:30",
        ] {
            assert_eq!(millisecond(text), Some(1_714_559_400_250), "{text}");
        }
        for text in
            ["2024-05-01", "2024-02-30T00:00:00.000+0000", "2024-05-01T12:30:00.250", "é", "2024-05-01T1x:30:00Z"]
        {
            assert_eq!(millisecond(text), None, "{text}");
        }
    }

    #[test]
    fn doubles_are_written_as_java_does() {
        for (number, text) in [
            (29.0, "29.0"),
            (731_721_956_443.0, "7.31721956443E11"),
            (1e7, "1.0E7"),
            (9_999_999.5, "9999999.5"),
            (0.001, "0.001"),
            (0.000_9, "9.0E-4"),
            (-0.1, "-0.1"),
            (0.0, "0.0"),
        ] {
            assert_eq!(java_double(number), text);
        }
    }

    #[test]
    fn types_have_names() {
        for text in ["text", "boolean", "integer", "double", "decimal(6,2)", "decimal(38,0)", "timestamp"] {
            assert_eq!(text.parse::<ColumnType>().unwrap().to_string(), text);
        }
        for text in ["", "string", "decimal(6)", "decimal(0,0)", "decimal(39,1)", "decimal(2,3)", "decimal(2,-1)"] {
            assert!(text.parse::<ColumnType>().is_err(), "{text}");
        }
    }

    #[test]
    fn decimals_fit_or_do_not() {
        let read = |text, digits, scale| decimal(text, digits, scale);
        assert_eq!(
            (read("18.75", 6, 2), read("-7.1", 6, 2), read("1020", 6, 2)),
            (Some(1875), Some(-710), Some(102_000))
        );
        assert_eq!(
            (read("1.234", 6, 2), read("10000.00", 6, 2), read("1e3", 6, 2), read("", 6, 2)),
            (None, None, None, None)
        );
        assert_eq!(read(&"9".repeat(38), 38, 0), Some(10_i128.pow(38) - 1));
    }
}
