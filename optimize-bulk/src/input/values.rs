//! Values that the server would take whatever they are, and that nobody could use: they are checked by the type of their variable.

use std::borrow::Cow;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use optimize_api::{Date, VariableType};

use crate::guess::is_date;
use crate::types::server_date;

/// How values are written in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ValueRules {
    /// Whether numbers have a comma before their decimals, and maybe points or spaces between thousands.
    pub has_decimal_comma: bool,
    /// The form of dates for `strptime`, such as `%d.%m.%Y`; a date without a time is midnight, one without an offset is UTC. If it is
    /// not set, dates are in the form of the server or of RFC 3339.
    pub date_format: Option<String>,
}

impl ValueRules {
    /// The value as the server has it; an error says how to fix it.
    pub(super) fn settle<'a>(&self, kind: &VariableType, value: &'a str) -> Result<Cow<'a, str>, String> {
        match kind {
            VariableType::Double => self.double(value),
            VariableType::Long => whole(value, i64::MIN, i64::MAX, "Long"),
            VariableType::Integer => whole(value, i32::MIN.into(), i32::MAX.into(), "Integer"),
            VariableType::Short => whole(value, i16::MIN.into(), i16::MAX.into(), "Short"),
            VariableType::Boolean => match value {
                "true" | "false" => Ok(value.into()),
                _ if value.eq_ignore_ascii_case("true") => Ok("true".into()),
                _ if value.eq_ignore_ascii_case("false") => Ok("false".into()),
                _ => Err(format!("{} is no Boolean: write true or false", shown(value))),
            },
            VariableType::Date => self.date(value),
            VariableType::Json if serde_json::from_str::<serde::de::IgnoredAny>(value).is_err() => {
                Err(format!("{} is no JSON", shown(value)))
            }
            _ => Ok(value.into()),
        }
    }

    fn double<'a>(&self, value: &'a str) -> Result<Cow<'a, str>, String> {
        if self.has_decimal_comma {
            return with_point(value)
                .map(Cow::Owned)
                .ok_or_else(|| format!("{} is no Double with a decimal comma, such as 1.234,50", shown(value)));
        }
        if is_number(value) {
            return Ok(value.into());
        }
        let fix = if with_point(value).is_some() {
            "pass --decimal comma if the comma stands before the decimals"
        } else {
            "write a number such as 1234.5"
        };
        Err(format!("{} is no Double: {fix}", shown(value)))
    }

    fn date<'a>(&self, value: &'a str) -> Result<Cow<'a, str>, String> {
        if let Some(format) = &self.date_format {
            let date = parsed(format, value);
            let date = date.map_err(|error| format!("{} is no date of the form {format}: {error}", shown(value)))?;
            return Ok(date.into());
        }
        if is_date(value) {
            return Ok(value.into());
        }
        match value.parse::<Date>() {
            Ok(date) => Ok(date.to_string().into()),
            Err(_) => Err(format!(
                "{} is no Date: write 2024-03-05T14:07:09.120+0000, or pass --date-format, such as %d.%m.%Y",
                shown(value)
            )),
        }
    }
}

/// Whether a spreadsheet has made this of a long id, so that its last digits are gone.
pub(super) fn is_rounded(id: &str) -> bool {
    let Some((number, exponent)) = id.split_once(['e', 'E']) else { return false };
    let is_decimal =
        |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','));
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    is_decimal(number) && exponent.parse::<u32>().is_ok_and(|exponent| exponent >= 11)
}

/// A value in an error; a long one is cut.
fn shown(value: &str) -> String {
    const LONGEST: usize = 40;
    if value.chars().count() <= LONGEST {
        return format!("{value:?}");
    }
    format!("{:?}…", value.chars().take(LONGEST).collect::<String>())
}

fn is_number(text: &str) -> bool {
    let is_plain = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'));
    is_plain && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A number with a decimal comma as one with a point.
fn with_point(text: &str) -> Option<String> {
    let (whole, decimals) = text.split_once(',').unwrap_or((text, ""));
    let groups: Vec<_> = whole.split(['.', ' ', '\u{a0}', '\u{202f}']).collect();
    let are_groups = groups.len() == 1 || groups[1..].iter().all(|group| group.len() == 3);
    let number = if text.contains(',') { format!("{}.{decimals}", groups.concat()) } else { groups.concat() };
    (are_groups && is_number(&number)).then_some(number)
}

fn whole<'a>(value: &'a str, least: i64, most: i64, name: &str) -> Result<Cow<'a, str>, String> {
    match value.parse::<i64>() {
        Ok(number) if (least..=most).contains(&number) && !value.starts_with('+') => Ok(value.into()),
        _ => Err(format!("{} is no {name}: write a whole number from {least} to {most}", shown(value))),
    }
}

fn parsed(format: &str, value: &str) -> Result<String, jiff::Error> {
    let mut broken = jiff::fmt::strtime::parse(format, value)?;
    if broken.hour().is_none() {
        broken.set_hour(Some(0))?;
    }
    let offset = broken.offset().unwrap_or(Offset::UTC);
    let date: DateTime = broken.to_datetime()?;
    Ok(server_date(offset.to_timestamp(date)?.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(kind: &VariableType, value: &str, rules: &ValueRules) -> String {
        rules.settle(kind, value).map_or_else(|problem| format!("! {problem}"), Cow::into_owned)
    }

    #[test]
    fn values_are_of_their_type_or_an_error_that_says_what_to_do() {
        let rules = ValueRules::default();
        for (kind, value, expected) in [
            (VariableType::Double, "12.50", "12.50"),
            (VariableType::Double, "-1e-7", "-1e-7"),
            (
                VariableType::Double,
                "12,5",
                "! \"12,5\" is no Double: pass --decimal comma if the comma stands before the decimals",
            ),
            (VariableType::Double, "abc", "! \"abc\" is no Double: write a number such as 1234.5"),
            (VariableType::Double, "NaN", "! \"NaN\" is no Double: write a number such as 1234.5"),
            (VariableType::Long, "9223372036854775807", "9223372036854775807"),
            (
                VariableType::Long,
                "1.5",
                "! \"1.5\" is no Long: write a whole number from -9223372036854775808 to 9223372036854775807",
            ),
            (VariableType::Short, "40000", "! \"40000\" is no Short: write a whole number from -32768 to 32767"),
            (VariableType::Boolean, "TRUE", "true"),
            (VariableType::Boolean, "yes", "! \"yes\" is no Boolean: write true or false"),
            (VariableType::Date, "2024-03-05T14:07:09.120+0100", "2024-03-05T14:07:09.120+0100"),
            (VariableType::Date, "2024-03-05T14:07:09+01:00", "2024-03-05T13:07:09.000+0000"),
            (
                VariableType::Date,
                "24.12.2025",
                "! \"24.12.2025\" is no Date: write 2024-03-05T14:07:09.120+0000, or pass --date-format, such as %d.%m.%Y",
            ),
            (VariableType::Json, "{", "! \"{\" is no JSON"),
            (VariableType::Object, "{", "{"),
            (VariableType::String, "12,5", "12,5"),
        ] {
            assert_eq!(settled(&kind, value, &rules), expected, "{value}");
        }
    }

    #[test]
    fn the_forms_of_a_country_are_read_when_they_are_said() {
        let rules = ValueRules { has_decimal_comma: true, date_format: Some("%d.%m.%Y".to_owned()) };
        for (value, expected) in [("12,5", "12.5"), ("1.234.567,80", "1234567.80"), ("-7", "-7"), ("1 234,5", "1234.5")]
        {
            assert_eq!(settled(&VariableType::Double, value, &rules), expected);
        }
        assert!(
            settled(&VariableType::Double, "12.5", &rules).starts_with("! \"12.5\" is no Double with a decimal comma")
        );
        assert_eq!(settled(&VariableType::Date, "24.12.2025", &rules), "2025-12-24T00:00:00.000+0000");
        assert!(settled(&VariableType::Date, "2025-12-24", &rules).starts_with("! "));
        let rules = ValueRules { date_format: Some("%Y-%m-%d %H:%M %z".to_owned()), ..ValueRules::default() };
        assert_eq!(settled(&VariableType::Date, "2025-12-24 18:30 +0200", &rules), "2025-12-24T16:30:00.000+0000");
    }

    #[test]
    fn ids_that_a_spreadsheet_rounded_are_known() {
        assert!(["2.2518E+15", "2,2518E+15", "2E15", "2.251799813700042E15"].into_iter().all(is_rounded));
        assert!(!["2251799813700042", "order-1", "1e5", "E+15", "abcE+15", "2.5"].into_iter().any(is_rounded));
    }
}
