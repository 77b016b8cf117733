//! What a column may be, as far as its values so far allow: a type only if every value is written in the one way in which that
//! type writes it, so that nothing is lost.

use crate::cell::Kind;
use crate::types::{ColumnType, MOST_DIGITS, decimal_parts, java_double, millisecond};

/// What a column may be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guess {
    ruled_out: RuledOut,
    /// Whether any value was seen.
    is_seen: bool,
    /// The digits behind the point of decimals.
    scale: Option<usize>,
    /// The most digits before it.
    whole: usize,
    /// The most digits of a whole number or decimal.
    pub(crate) digits: usize,
    /// The longest text, in characters, up to a limit.
    pub(crate) width: usize,
}

#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each stands for a type")]
struct RuledOut {
    boolean: bool,
    integer: bool,
    double: bool,
    decimal: bool,
    timestamp: bool,
}

/// Longer texts make no column wider.
const WIDEST: usize = 60;

impl Guess {
    /// Learns from a value that is there.
    pub(crate) fn learn(&mut self, kind: Kind, text: &str) {
        if self.width < WIDEST {
            self.width = self.width.max(text.chars().take(WIDEST).count());
        }
        self.is_seen = true;
        let out = &mut self.ruled_out;
        if out.boolean && out.integer && out.double && out.decimal && out.timestamp {
            return;
        }
        if kind == Kind::Nested {
            *out = RuledOut { boolean: true, integer: true, double: true, decimal: true, timestamp: true };
            return;
        }
        out.boolean |= !matches!(text, "true" | "false");
        out.timestamp |= !is_date(text);
        if out.integer && out.double && out.decimal {
            return;
        }
        let parts = decimal_parts(text);
        let is_plain = parts.is_some_and(|(is_negative, whole, fraction)| {
            let has_zero = whole.len() > 1 && whole.starts_with('0');
            let is_minus_zero = is_negative && whole == "0" && fraction.bytes().all(|byte| byte == b'0');
            !has_zero && !is_minus_zero && !text.ends_with('.')
        });
        let (whole, fraction) = parts.map_or(("", ""), |(_, whole, fraction)| (whole, fraction));
        self.digits = self.digits.max(whole.len() + fraction.len());
        self.whole = self.whole.max(whole.len());
        out.integer |= !is_plain || text.contains('.') || text.parse::<i64>().is_err();
        out.double |= !(is_plain && is_short(text, whole, fraction) || is_double(text));
        out.decimal |= !is_plain || *self.scale.get_or_insert(fraction.len()) != fraction.len();
    }

    /// The type, once all values were seen.
    pub(crate) fn settle(&self) -> ColumnType {
        let out = &self.ruled_out;
        let scale = self.scale.unwrap_or_default();
        let digits = self.whole + scale;
        match (u8::try_from(digits), i8::try_from(scale)) {
            _ if !self.is_seen => ColumnType::Text,
            _ if !out.boolean => ColumnType::Boolean,
            _ if !out.integer => ColumnType::Integer,
            _ if !out.double => ColumnType::Double,
            (Ok(precision), Ok(scale)) if !out.decimal && digits <= MOST_DIGITS => {
                ColumnType::Decimal(precision, scale)
            }
            _ if !out.timestamp => ColumnType::Timestamp,
            _ => ColumnType::Text,
        }
    }
}

/// Whether a decimal is sure to be written the same again: up to 15 digits, in the range that Java writes without an exponent,
/// and no zero at the end but the one of `1.0`.
fn is_short(text: &str, whole: &str, fraction: &str) -> bool {
    let is_in_range =
        whole.len() <= 7 && (whole != "0" || fraction.len() <= 3 && fraction.bytes().any(|byte| byte != b'0'));
    let is_canonical = fraction.is_empty() || fraction == "0" || !fraction.ends_with('0');
    is_in_range && is_canonical && text.len() <= 15
}

/// The same, by writing it again.
fn is_double(text: &str) -> bool {
    let Ok(number) = text.parse::<f64>() else { return false };
    number.is_finite() && (java_double(number) == text || number.to_string() == text)
}

/// Whether it has the form of a date of the server, and is one.
pub(crate) fn is_date(text: &str) -> bool {
    text.is_ascii() && text.len() == 28 && text.as_bytes()[19] == b'.' && millisecond(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(values: &[&str]) -> String {
        let mut guess = Guess::default();
        for value in values {
            guess.learn(Kind::Text, value);
        }
        guess.settle().to_string()
    }

    #[test]
    fn a_type_needs_every_value_to_come_back_as_it_was() {
        for (values, expected) in [
            (&["1", "-5", "9223372036854775807"][..], "integer"),
            (&["1", "9223372036854775808"], "decimal(19,0)"),
            (&["1", "01"], "text"),
            (&["1", "+1"], "text"),
            (&["29.0", "7.31721956443E11", "0.001", "1.0E-5"], "double"),
            (&["1", "1.5"], "double"),
            (&["18.75", "249.00", "1020.50", "7.10"], "decimal(6,2)"),
            (&["18.75", "249.00", "7.1"], "text"),
            (&["0,00 €"], "text"),
            (&["true", "false"], "boolean"),
            (&["true", "1"], "text"),
            (&["2024-05-01T12:30:00.250+0200", "2023-01-01T00:00:00.000+0000"], "timestamp"),
            (&["2024-05-01T12:30:00.250+0200", "2024-05-01"], "text"),
            (&["2024-02-30T12:30:00.250+0200"], "text"),
            (&["NaN"], "text"),
            (&["-0"], "double"),
            (&["-0.0"], "double"),
            (&["1."], "text"),
            (&["0.1", "123456789.123456789012"], "text"),
            (&[], "text"),
        ] {
            assert_eq!(guessed(values), expected, "{values:?}");
        }
        let mut guess = Guess::default();
        guess.learn(Kind::Nested, "[1]");
        assert_eq!(guess.settle(), ColumnType::Text);
    }

    proptest::proptest! {
        #[test]
        fn every_double_is_one_in_the_forms_of_java_and_rust(number in proptest::num::f64::NORMAL | proptest::num::f64::SUBNORMAL) {
            proptest::prop_assert_eq!(guessed(&[&java_double(number)]), "double");
            proptest::prop_assert_eq!(java_double(number).parse::<f64>().unwrap().to_bits(), number.to_bits());
        }

        #[test]
        fn a_short_double_comes_back_as_it_was(text in "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,9})?") {
            let mut guess = Guess::default();
            guess.learn(Kind::Text, &text);
            if !guess.ruled_out.double {
                let number: f64 = text.parse().unwrap();
                proptest::prop_assert!(java_double(number) == text || number.to_string() == text, "{}", text);
            }
        }
    }
}
