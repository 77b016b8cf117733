//! Checks of single answers. Each returns what is saved, or what is wrong.

use std::path::Path;

use optimize_auth::{ServiceUrl, ServiceUrlError, Token};
use secrecy::SecretString;

use crate::config;

/// A region, a cluster id, a tenant: one word that becomes a part of a URL.
pub(super) fn label(text: &str) -> Result<String, String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
    if text.is_empty() || text.starts_with('.') || !text.chars().all(is_plain) {
        return Err("expected letters, digits and hyphens".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn application_id(text: &str) -> Result<String, String> {
    label(text.trim_start_matches("api://"))
}

/// A text without white space.
pub(super) fn word(text: &str) -> Result<String, String> {
    if text.is_empty() || text.chars().any(|character| character.is_whitespace() || character.is_control()) {
        return Err("expected one word without spaces".to_owned());
    }
    Ok(text.to_owned())
}

/// Words with single spaces between them.
pub(super) fn words(text: &str) -> Result<String, String> {
    let words: Vec<_> = text.split_whitespace().map(word).collect::<Result<_, _>>()?;
    Ok(words.join(" "))
}

pub(super) fn url(text: &str) -> Result<String, String> {
    match ServiceUrl::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error @ ServiceUrlError::Insecure { .. }) => Err(format!("{error}; use https")),
        Err(error) => Err(format!("{error}; it looks like https://optimize.example.com")),
    }
}

/// What stands before the parts that people copy along from a browser or from an example.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let text = text.split('#').next().unwrap_or_default().trim_end_matches('/');
    let text = text.strip_suffix("/public").filter(|rest| rest.ends_with("/api")).unwrap_or(text);
    url(text.strip_suffix("/api").unwrap_or(text).trim_end_matches('/'))
}

/// The URL of a realm, or one below it.
pub(super) fn realm_url(text: &str) -> Result<String, String> {
    let Some((before, rest)) = text.split_once("/realms/") else {
        return Err("expected a URL with /realms/ and the name of the realm".to_owned());
    };
    let realm = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if realm.is_empty() {
        return Err("expected the name of the realm after /realms/".to_owned());
    }
    url(&format!("{before}/realms/{realm}"))
}

/// The absolute path of a file of certificates that can be read.
pub(super) fn ca_file(text: &str) -> Result<String, String> {
    let path = Path::new(text).canonicalize().map_err(|error| format!("{text}: {error}"))?;
    let bytes = optimize_config::input::read_whole(&path).map_err(|error| format!("{text}: {error}"))?;
    let shown = path.display().to_string();
    config::check_certificates(&bytes, &shown).map_err(|(problem, fix)| format!("it {problem}; {fix}"))?;
    Ok(shown)
}

/// A token, without the word that stands before it in a header.
pub(super) fn token(text: &str) -> Result<SecretString, String> {
    let token = text.trim();
    let is_header = token.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    let token = SecretString::from(if is_header { token[7..].trim_start() } else { token });
    Token::bearer(token.clone()).map_err(|error| error.to_string())?;
    Ok(token)
}

/// Region and cluster id of an address such as `https://bru-2.optimize.camunda.io/CLUSTER-ID/#/collections`.
pub(super) fn saas_address(text: &str) -> Option<(String, String)> {
    let text = text.trim();
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let region = host.strip_suffix(".optimize.camunda.io")?;
    let cluster = path.split(['/', '#', '?']).next().unwrap_or_default();
    (!cluster.is_empty()).then(|| (region.to_owned(), cluster.to_owned()))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn what_people_paste_becomes_what_is_saved() {
        let ok = |text: Result<String, String>| text.unwrap();
        assert_eq!(ok(base_url("https://o.example.com/ctx/#/dashboard/d/")), "https://o.example.com/ctx");
        assert_eq!(ok(base_url("https://o.example.com/api/public/")), "https://o.example.com");
        assert_eq!(
            ok(realm_url("https://k.example.com/auth/realms/r/protocol/openid-connect/token")),
            "https://k.example.com/auth/realms/r"
        );
        assert_eq!(ok(application_id("api://1-2")), "1-2");
        assert_eq!(ok(words(" a  b ")), "a b");
        assert_eq!(token("Bearer abc").unwrap().expose_secret(), "abc");
        assert_eq!(token(" abc ").unwrap().expose_secret(), "abc");
        let cluster = Some(("bru-2".to_owned(), "c-1".to_owned()));
        for address in [
            "https://bru-2.optimize.camunda.io/c-1/#/collection/x",
            "bru-2.optimize.camunda.io/c-1",
            "https://bru-2.optimize.camunda.io/c-1/api/public",
        ] {
            assert_eq!(saas_address(address), cluster, "{address}");
        }
        assert_eq!(saas_address("bru-2"), None);
        assert_eq!(saas_address("https://bru-2.optimize.camunda.io"), None);
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        for text in ["", "a b", "a/b", "..", "https://x"] {
            assert!(label(text).is_err(), "{text:?}");
        }
        for text in ["", "localhost", "ftp://x", "http://example.com", "https://u:p@x"] {
            assert!(base_url(text).is_err(), "{text:?}");
        }
        assert!(realm_url("https://k.example.com/auth").is_err() && realm_url("https://k/realms/").is_err());
        assert!(token("a\u{7}b").is_err() && token("").is_err());
        assert!(ca_file("/dev/null/none").is_err());
    }
}
