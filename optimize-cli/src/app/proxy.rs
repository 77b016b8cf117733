//! The proxy that the environment sets.

use optimize_auth::ServiceUrl;

use super::App;
use crate::env_vars::PROXIES;
use crate::error::CliError;
use crate::hints;

impl App {
    /// The variable of the environment that sets a proxy for https.
    pub(crate) fn proxy(&self) -> Option<&'static str> {
        let is_set = |name: &&str| self.environment.raw(name).is_some_and(|value| !value.is_empty());
        PROXIES.into_iter().find(is_set)
    }

    /// Fails if the proxy's address cannot be read: the HTTP library would do without the proxy.
    pub(super) fn check_proxy(&self, url: &ServiceUrl) -> Result<(), CliError> {
        let Some(name) = self.proxy().filter(|_| hints::uses_proxy(url)) else { return Ok(()) };
        let value = self.environment.raw(name).and_then(|value| value.to_str()).unwrap_or_default();
        if is_proxy_address(value) {
            // What stands before the @ may be a password.
            let shown = value.rsplit_once('@').map_or(value, |(_, host)| host);
            tracing::debug!(
                variable = name,
                proxy = shown,
                "requests to {url} go through a proxy unless NO_PROXY names it"
            );
            return Ok(());
        }
        let hint = hints::filled(&hints::PROXY_ADDRESS, &[("proxy", name)]);
        Err(CliError::config(format!("the proxy of {name}: its value is not a URL")).stating().with_hint(hint))
    }
}

/// Whether the HTTP library can read it: a URL, or a host and a port, without a character that ends the user name and the
/// password too early.
fn is_proxy_address(text: &str) -> bool {
    let with_scheme = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let authority = with_scheme.split_once("://").map_or("", |(_, rest)| rest);
    let parsed = url::Url::parse(&with_scheme).ok();
    let is_known = parsed.as_ref().is_some_and(|url| {
        url.has_host() && matches!(url.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h")
    });
    // What stands before an @ is one user name and one password.
    let is_plain = authority.rsplit_once('@').is_none_or(|(user, _)| !user.contains(['@', '/', '?', '#']));
    is_known && is_plain
}

#[cfg(test)]
mod tests {
    use super::is_proxy_address;

    #[test]
    fn the_address_of_a_proxy_is_a_url_with_an_encoded_password() {
        for good in [
            "http://proxy:3128",
            "proxy:3128",
            "http://user:p%40ss%23@proxy:3128/",
            "socks5h://127.0.0.1:1080",
            "https://u:p@[::1]:8080",
        ] {
            assert!(is_proxy_address(good), "{good}");
        }
        for bad in [
            "http://user:p@ss@proxy:3128",
            "http://user:p#ss@proxy:1",
            "http://u:p/w@proxy:1",
            "ftp://proxy",
            "http://",
            "::",
        ] {
            assert!(!is_proxy_address(bad), "{bad}");
        }
    }
}
