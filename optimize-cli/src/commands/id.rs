//! Ids as people type and paste them.

use crate::error::CliError;

/// The id of a report, a dashboard or a collection, taken from what was pasted.
pub(super) fn of(noun: &str, text: &str) -> Result<String, CliError> {
    parse(noun, text).map_err(|problem| CliError::usage(format!("{:?}: {problem}", text.trim())).stating())
}

/// An id, alone or in the address of its page: `https://optimize.example.com/#/collection/C/report/R/`.
fn parse(noun: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    let id =
        if text.contains("://") || text.contains("#/") { in_address(noun, text)? } else { text.trim_end_matches('/') };
    if id.is_empty() {
        return Err(format!("expected the id of a {noun}"));
    }
    match id.chars().find(|character| !is_part_of_id(*character)) {
        None => Ok(id.to_owned()),
        Some(odd) => Err(format!("the id of a {noun} does not hold {odd:?}; copy it from the address of its page")),
    }
}

fn is_part_of_id(character: char) -> bool {
    !character.is_whitespace() && !character.is_control() && !"/\\%;?#\"'<>".contains(character)
}

/// The segment after the noun in the part of an address that Optimize's pages have behind `#`.
fn in_address<'a>(noun: &str, address: &'a str) -> Result<&'a str, String> {
    let page = address.split_once('#').map_or(address, |(_, page)| page);
    let mut segments = page.split(['/', '?']);
    segments
        .find(|segment| *segment == noun)
        .and_then(|_| segments.next())
        .filter(|id| !id.is_empty())
        .ok_or_else(|| format!("this address does not name a {noun}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_in_what_people_paste() {
        for text in ["abc-1", " abc-1", "abc-1\r", "abc-1\n", "abc-1/", "\tabc-1 "] {
            assert_eq!(parse("report", text).as_deref(), Ok("abc-1"), "{text:?}");
        }
        let address = "https://bru-2.optimize.camunda.io/CLUSTER/#/collection/C-1/report/R-1/?x=1";
        assert_eq!(parse("report", address).as_deref(), Ok("R-1"));
        assert_eq!(parse("collection", address).as_deref(), Ok("C-1"));
        assert_eq!(parse("dashboard", "http://localhost:8083/#/dashboard/D-1").as_deref(), Ok("D-1"));
        assert_eq!(parse("report", "#/report/R-1/view").as_deref(), Ok("R-1"));
    }

    #[test]
    fn what_cannot_be_an_id_is_refused() {
        for text in ["", " ", "/", "a b", "a/b", "a%2Fb", "a;b", "../x", "a\u{1b}b", "\"a\""] {
            assert!(parse("report", text).is_err(), "{text:?}");
        }
        insta::assert_snapshot!(parse("report", "https://optimize.example.com/#/dashboard/D").unwrap_err(), @"this address does not name a report");
        insta::assert_snapshot!(parse("collection", "a b").unwrap_err(), @"the id of a collection does not hold ' '; copy it from the address of its page");
    }
}
