//! Every environment variable the program reads, and the environment itself as a value.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt;
use std::sync::Arc;

use secrecy::zeroize::Zeroize;

use crate::error::Error;

/// Base URL of Optimize: what comes before `/api`.
pub const BASE_URL: [&str; 2] = ["OPTIMIZE_BASE_URL", "CAMUNDA_OPTIMIZE_BASE_URL"];
/// Client id and secret, one family a pair. An id of one family is never joined with a secret of another.
pub const CLIENT: [(&str, &str); 5] = [
    ("OPTIMIZE_CLIENT_ID", "OPTIMIZE_CLIENT_SECRET"),
    ("CAMUNDA_OPTIMIZE_CLIENT_ID", "CAMUNDA_OPTIMIZE_CLIENT_SECRET"),
    ("CAMUNDA_CLIENT_ID", "CAMUNDA_CLIENT_SECRET"),
    ("CAMUNDA_CLIENT_AUTH_CLIENTID", "CAMUNDA_CLIENT_AUTH_CLIENTSECRET"),
    ("ZEEBE_CLIENT_ID", "ZEEBE_CLIENT_SECRET"),
];
/// A file with the secret of the first family.
pub const CLIENT_SECRET_FILE: &str = "OPTIMIZE_CLIENT_SECRET_FILE";
/// Another proof than a secret for the client of the first family: a private key (PEM or JWK), or an assertion.
pub const PRIVATE_KEY_FILE: &str = "OPTIMIZE_PRIVATE_KEY_FILE";
/// A file with an assertion that another program keeps up to date.
pub const ASSERTION_FILE: &str = "OPTIMIZE_ASSERTION_FILE";
/// How the client authenticates at the token endpoint: `post` (default), `basic`, `json`, `private-key-jwt`,
/// `client-secret-jwt`, `mtls` or `none`.
pub const CLIENT_AUTH: [&str; 1] = ["OPTIMIZE_CLIENT_AUTH"];
/// The token endpoint.
pub const TOKEN_URL: [&str; 3] = ["OPTIMIZE_TOKEN_URL", "CAMUNDA_OAUTH_URL", "ZEEBE_AUTHORIZATION_SERVER_URL"];
/// The issuer, whose metadata names the token endpoint if no token URL is set.
pub const ISSUER: [&str; 2] = ["OPTIMIZE_ISSUER_URL", "CAMUNDA_ISSUER_URL"];
/// The id of the private key, in a signed assertion's `kid`.
pub const KEY_ID: [&str; 1] = ["OPTIMIZE_KEY_ID"];
/// RS256, PS256, ES256 or EdDSA.
pub const SIGNING_ALGORITHM: [&str; 1] = ["OPTIMIZE_SIGNING_ALGORITHM"];
/// For whom a signed assertion is meant: `issuer` (default), `token-endpoint`, or a text.
pub const ASSERTION_AUDIENCE: [&str; 1] = ["OPTIMIZE_ASSERTION_AUDIENCE"];
/// What is known of the provider: `saas`, `self-managed` or `entra`.
pub const PRESET: [&str; 1] = ["OPTIMIZE_PRESET"];
/// How Camunda's own clients find the server: `saas` is a preset here, too.
pub const CLIENT_MODE: &str = "CAMUNDA_CLIENT_MODE";
/// The region of a cluster of Camunda SaaS.
pub const REGION: [&str; 3] = ["OPTIMIZE_CLUSTER_REGION", "CAMUNDA_CLUSTER_REGION", "CAMUNDA_CLIENT_CLOUD_REGION"];
/// The id of a cluster of Camunda SaaS.
pub const CLUSTER_ID: [&str; 3] = ["OPTIMIZE_CLUSTER_ID", "CAMUNDA_CLUSTER_ID", "CAMUNDA_CLIENT_CLOUD_CLUSTERID"];
/// The URL of a realm of Keycloak.
pub const REALM_URL: [&str; 1] = ["OPTIMIZE_REALM_URL"];
/// The tenant of Entra ID.
pub const TENANT: [&str; 1] = ["OPTIMIZE_TENANT"];
/// The client id of Optimize's own application registration at Entra ID.
pub const APPLICATION_ID: [&str; 1] = ["OPTIMIZE_APPLICATION_ID"];
/// Where tokens are kept between runs: `off`, `memory`, `keyring` where it is built in, or a directory.
pub const TOKEN_CACHE: [&str; 1] = ["OPTIMIZE_TOKEN_CACHE"];
/// A PEM file with the certificate that the client presents.
pub const CLIENT_CERT_FILE: [&str; 1] = ["OPTIMIZE_CLIENT_CERT_FILE"];
/// A PEM file with the key of that certificate.
pub const CLIENT_KEY_FILE: [&str; 1] = ["OPTIMIZE_CLIENT_KEY_FILE"];
/// The audience to request. `ZEEBE_TOKEN_AUDIENCE` is another API's and is not read.
pub const AUDIENCE: [&str; 2] = ["OPTIMIZE_AUDIENCE", "CAMUNDA_OPTIMIZE_OAUTH_AUDIENCE"];
/// The scope to request, space-separated.
pub const SCOPE: [&str; 2] = ["OPTIMIZE_SCOPE", "CAMUNDA_TOKEN_SCOPE"];
/// The resource to request (RFC 8707).
pub const RESOURCE: [&str; 1] = ["OPTIMIZE_RESOURCE"];
/// A token to use as it is, such as the shared secret of a self-managed server.
pub const TOKENS: [&str; 2] = ["OPTIMIZE_TOKEN", "CAMUNDA_OPTIMIZE_TOKEN"];
/// A file that holds such a token.
pub const TOKEN_FILE: &str = "OPTIMIZE_TOKEN_FILE";
/// A PEM file of further certificate authorities to trust.
pub const CA_FILE: [&str; 2] = ["OPTIMIZE_CA_FILE", "CAMUNDA_CUSTOM_ROOT_CERT_PATH"];
/// `true` permits plain http to other machines.
pub const ALLOW_INSECURE_HTTP: [&str; 1] = ["OPTIMIZE_ALLOW_INSECURE_HTTP"];
/// `true` makes commands that change something ask first.
pub const PROTECTED: [&str; 1] = ["OPTIMIZE_PROTECTED"];
/// The output format, as `--output`.
pub const OUTPUT: [&str; 1] = ["OPTIMIZE_OUTPUT"];
/// The profile, as `--profile`.
pub const PROFILE: &str = "OPTIMIZE_PROFILE";
/// A configuration file, as `--config`.
pub const CONFIG: &str = "OPTIMIZE_CONFIG";
/// How much is logged, as `-v`: `warn`, `info`, `debug` or `trace`.
pub const LOG: &str = "OPTIMIZE_LOG";
/// Not empty: no colour (<https://no-color.org>).
pub const NO_COLOR: &str = "NO_COLOR";
/// `true` in a workflow run of GitHub.
pub const GITHUB_ACTIONS: &str = "GITHUB_ACTIONS";
/// Not empty and not `0`: colour even without a terminal.
pub const CLICOLOR_FORCE: &str = "CLICOLOR_FORCE";
/// Where the user's configuration is looked for; `~/.config` if it is not an absolute path.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// Where tokens are kept; `~/.cache` if it is not an absolute path.
pub const XDG_CACHE_HOME: &str = "XDG_CACHE_HOME";
/// Where plugins are kept; `~/.local/share` if it is not an absolute path.
pub const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
/// Directories to search for plugins, in addition to the one of installed plugins.
pub const PATH: &str = "PATH";
/// To a plugin: the version of the handover.
pub const PLUGIN_API: &str = "OPTIMIZE_PLUGIN_API";
/// To a plugin: its name. Programs that the plugin starts pass it on, so that the caller is known.
pub const PLUGIN_NAME: &str = "OPTIMIZE_PLUGIN";
/// To a plugin: the absolute path of this program.
pub const PLUGIN_CLI: &str = "OPTIMIZE_CLI";
/// To a plugin: `auto`, `always` or `never`.
pub const PLUGIN_COLOR: &str = "OPTIMIZE_COLOR";
/// To a plugin: how often `-v` was given.
pub const PLUGIN_VERBOSE: &str = "OPTIMIZE_VERBOSE";
/// To a plugin: `1` if it is to change nothing.
pub const PLUGIN_DRY_RUN: &str = "OPTIMIZE_DRY_RUN";
/// To a plugin: `1` if every question is returned yes.
pub const PLUGIN_YES: &str = "OPTIMIZE_YES";
/// A program that shows long tables; the first one that is set. `cat` is ignored.
pub const PAGERS: [&str; 2] = ["OPTIMIZE_PAGER", "PAGER"];
/// Options of `less`; `FRX` if unset.
pub const LESS: &str = "LESS";
/// The kind of terminal.
pub const TERM: &str = "TERM";
/// Proxies for https. The HTTP library reads them; here they are only shown.
pub const PROXIES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// Where spans go: a collector, for all signals or for traces alone.
pub const OTEL_ENDPOINTS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
/// The protocol to the collector.
pub const OTEL_PROTOCOLS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"];
/// What a collector is sent besides spans, often a key to it.
const OTEL_HEADERS: [&str; 2] = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
/// The user of a broker.
pub const STREAM_USER: &str = "OPTIMIZE_STREAM_USER";
/// The user's password.
pub const STREAM_PASSWORD: &str = "OPTIMIZE_STREAM_PASSWORD";
/// A token for a broker (NATS).
pub const STREAM_TOKEN: &str = "OPTIMIZE_STREAM_TOKEN";
/// The client id for tokens that a broker wants (Kafka, SASL/OAUTHBEARER).
pub const STREAM_CLIENT_ID: &str = "OPTIMIZE_STREAM_CLIENT_ID";
/// The secret of that client.
pub const STREAM_CLIENT_SECRET: &str = "OPTIMIZE_STREAM_CLIENT_SECRET";
/// Where these tokens come from.
pub const STREAM_TOKEN_URL: &str = "OPTIMIZE_STREAM_TOKEN_URL";
/// The audience of these tokens.
pub const STREAM_AUDIENCE: &str = "OPTIMIZE_STREAM_AUDIENCE";
/// Their scope.
pub const STREAM_SCOPE: &str = "OPTIMIZE_STREAM_SCOPE";
/// Those of a broker that are secrets.
const STREAM_SECRETS: [&str; 3] = [STREAM_PASSWORD, STREAM_TOKEN, STREAM_CLIENT_SECRET];
/// `true` exports nothing.
pub const OTEL_DISABLED: &str = "OTEL_SDK_DISABLED";
/// The name of the service in spans; `optimize` if unset.
pub const OTEL_SERVICE: &str = "OTEL_SERVICE_NAME";
/// The span that this run belongs to (W3C Trace Context).
pub const TRACE_PARENT: [&str; 2] = ["TRACEPARENT", "TRACESTATE"];
/// Names of ours that are not settings.
pub const OTHERS: [&str; 19] = [
    STREAM_USER,
    STREAM_PASSWORD,
    STREAM_TOKEN,
    STREAM_CLIENT_ID,
    STREAM_CLIENT_SECRET,
    STREAM_TOKEN_URL,
    STREAM_AUDIENCE,
    STREAM_SCOPE,
    LOG,
    PROFILE,
    CONFIG,
    PAGERS[0],
    PLUGIN_API,
    PLUGIN_NAME,
    PLUGIN_CLI,
    PLUGIN_COLOR,
    PLUGIN_VERBOSE,
    PLUGIN_DRY_RUN,
    PLUGIN_YES,
];
/// The environment of credential helpers, in addition to what is allowed by name.
const HELPER: [&str; 11] = [
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "TERM",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
];
/// What the variables of object stores begin with.
const STORES: [&str; 3] = ["AWS_", "AZURE_", "GOOGLE_"];
/// The home directory, on Unix.
pub const HOME: &str = "HOME";
/// The user's application data, on Windows.
pub const APPDATA: &str = "APPDATA";

/// Environment variables. Clones share them; their values are wiped when the last one is dropped.
///
/// ```
/// use optimize_config::Environment;
///
/// let environment = Environment::new([("OPTIMIZE_TOKEN".into(), "shared-secret".into())]);
/// assert_eq!(format!("{environment:?}"), "Environment(1 variables)");
/// ```
#[derive(Clone)]
pub struct Environment {
    variables: Arc<Variables>,
    /// The names of further variables that hold secrets: the configuration takes secrets from them.
    secrets: Arc<BTreeSet<String>>,
}

/// Without the variables: any of them may be a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.variables.0.len())
    }
}

struct Variables(BTreeMap<OsString, OsString>);

impl Drop for Variables {
    fn drop(&mut self) {
        for value in self.0.values_mut() {
            std::mem::take(value).into_encoded_bytes().zeroize();
        }
    }
}

impl Environment {
    /// The environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub fn of_this_process() -> Self {
        Self::new(std::env::vars_os())
    }

    /// An environment of these variables.
    pub fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let variables = Arc::new(Variables(variables.into_iter().collect()));
        Self { variables, secrets: Arc::default() }
    }

    /// The same environment, which no program is given these variables of.
    #[doc(hidden)]
    pub fn with_secrets(mut self, names: &[String]) -> Self {
        self.secrets = Arc::new(names.iter().cloned().collect());
        self
    }

    /// The value as the operating system has it.
    #[doc(hidden)]
    pub fn raw(&self, name: &str) -> Option<&OsString> {
        self.variables.0.get(std::ffi::OsStr::new(name))
    }

    /// A setting. An empty variable is unset, as in other clients of Camunda.
    #[doc(hidden)]
    pub fn setting(&self, name: &str) -> Result<Option<&str>, Error> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        match value.to_str() {
            Some(text) if text.trim().is_empty() => Ok(None),
            Some(text) => {
                // What `cat` and files of secrets leave at the end.
                let text = text.trim_end_matches(['\r', '\n']);
                match text.chars().find(|character| character.is_control()) {
                    Some(character) => {
                        let problem =
                            format!("read the environment: {name} contains the control character {character:?}");
                        Err(Error::config(problem).with_hint(format!("remove it from the value of {name}")))
                    }
                    None => Ok(Some(text)),
                }
            }
            None => Err(Error::config(format!("read the environment: {name} is not UTF-8"))
                .with_hint(format!("give {name} another value or unset it"))),
        }
    }

    /// Whether the value is in quotes. Files for containers keep them, unlike shells.
    #[doc(hidden)]
    pub fn is_quoted(&self, name: &str) -> bool {
        let value = self.raw(name).and_then(|value| value.to_str()).unwrap_or_default().trim();
        value.len() > 1 && ['"', '\''].iter().any(|quote| value.starts_with(*quote) && value.ends_with(*quote))
    }

    /// What clients of object stores are configured with, by the names that the tools of each store know. Some are secrets.
    #[doc(hidden)]
    pub fn for_stores(&self) -> Vec<(String, String)> {
        let text = |value: &OsString| value.to_str().map(str::to_owned);
        let all = self.variables.0.iter().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        all.filter(|(name, _)| STORES.iter().any(|prefix| name.starts_with(prefix))).collect()
    }

    /// The names of all variables that begin so.
    #[doc(hidden)]
    pub fn names_with<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        self.variables.0.keys().filter_map(move |name| name.to_str().filter(|name| name.starts_with(prefix)))
    }

    /// What programs are given: everything but secrets. A client id whose secret is taken away goes with it, since half a
    /// set of credentials would hide a whole one in a file.
    #[doc(hidden)]
    pub fn without_secrets(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        let is_set = |name: &str| self.raw(name).is_some();
        self.variables.0.iter().filter(move |(name, _)| {
            let Some(name) = name.to_str() else { return true };
            let is_half = CLIENT.iter().any(|(id, secret)| *id == name && is_set(secret));
            !self.is_secret(name) && !is_half
        })
    }

    /// What a credential helper is given: the usual variables, and those that are allowed by name.
    #[doc(hidden)]
    pub fn for_helper(&self, allowed: &[String]) -> Result<Vec<(String, String)>, String> {
        if let Some(name) = allowed.iter().find(|name| self.is_secret(name)) {
            return Err(format!("give {name} to a helper: it holds a secret"));
        }
        let names = HELPER.into_iter().filter(|name| !self.is_secret(name)).chain(allowed.iter().map(String::as_str));
        Ok(names.filter_map(|name| Some((name.to_owned(), self.raw(name)?.to_str()?.to_owned()))).collect())
    }

    /// Whether a variable holds a secret that no other program is given: one of ours, one that the configuration takes a
    /// secret from, or a proxy with a password.
    fn is_secret(&self, name: &str) -> bool {
        TOKENS.contains(&name)
            || OTEL_HEADERS.contains(&name)
            || STREAM_SECRETS.contains(&name)
            || CLIENT.iter().any(|(_, secret)| *secret == name)
            || self.secrets.contains(name)
            || (is_proxy(name) && self.raw(name).is_some_and(|value| has_password(&value.to_string_lossy())))
    }

    /// The first of `names` that is set, with its value.
    #[doc(hidden)]
    pub fn first<'a>(&self, names: &[&'a str]) -> Result<Option<(&'a str, &str)>, Error> {
        for name in names {
            if let Some(value) = self.setting(name)? {
                return Ok(Some((name, value)));
            }
        }
        Ok(None)
    }
}

/// Whether other programs take this variable for a proxy: `HTTPS_PROXY`, `http_proxy`, `npm_config_proxy` and the like.
fn is_proxy(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with("proxy")
}

/// Whether a user, and so maybe a password, is named as in `http://user:password@proxy:3128`. A password may hold any
/// character, so an `@` anywhere is enough.
fn has_password(url: &str) -> bool {
    url.contains('@')
}
