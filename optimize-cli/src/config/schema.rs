//! The settings there are. Files, environment and flags all speak in these.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::env_vars;

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// A path; one in a file is relative to the directory of that file.
    Path,
    Boolean,
    Secret,
    /// Texts.
    List,
    /// Tables with settings of `auth`.
    Tables,
}

/// What a setting can do in a configuration file that the user has not chosen to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// It changes what is requested or how it is shown. It leads nowhere.
    Nowhere,
    /// It decides where requests and secrets go, how they are protected on the way, or where tokens are kept.
    Destination,
    /// It is a secret, or decides which secret is used or which program is run.
    Secret,
}

/// Declares the settings: name, path in a file, form, reach, the environment variables that hold it, the first one first,
/// and what it is for.
macro_rules! keys {
    ($($key:ident = $path:literal, $form:ident, $reach:ident, $variables:expr, $about:literal;)*) => {
        /// A setting.
        #[expect(clippy::enum_variant_names, reason = "the names are those of the settings")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Key {
            $($key,)*
        }

        impl Key {
            pub(crate) const ALL: &[Self] = &[$(Self::$key,)*];

            /// Its place in a file; `auth.x` is `x` in the table `auth`.
            pub(crate) fn path(self) -> &'static str {
                match self {
                    $(Self::$key => $path,)*
                }
            }

            pub(crate) fn form(self) -> Form {
                match self {
                    $(Self::$key => Form::$form,)*
                }
            }

            /// What it can do in a file that is not trusted.
            pub(crate) fn reach(self) -> Reach {
                match self {
                    $(Self::$key => Reach::$reach,)*
                }
            }

            /// What it is for.
            pub(crate) fn about(self) -> &'static str {
                match self {
                    $(Self::$key => $about,)*
                }
            }

            /// The environment variables of a setting that stands for itself. Credentials have theirs in sets.
            pub(crate) fn variables(self) -> &'static [&'static str] {
                match self {
                    $(Self::$key => $variables,)*
                }
            }
        }
    };
}

keys! {
    BaseUrl = "base_url", Text, Destination, &env_vars::BASE_URL, "Base URL of Optimize: what comes before /api";
    Output = "output", Text, Nowhere, &env_vars::OUTPUT, "Output format: auto, table, json, ndjson or csv";
    Timeout = "timeout", Text, Nowhere, &[], "How long one request may take, its retries included, such as 30s or 2m";
    AllowInsecureHttp = "allow_insecure_http", Boolean, Destination, &env_vars::ALLOW_INSECURE_HTTP, "Whether credentials may go over plain http to other machines";
    CaFile = "ca_file", Path, Destination, &env_vars::CA_FILE, "A PEM file of further certificate authorities to trust";
    ClientCertFile = "client_cert_file", Path, Secret, &env_vars::CLIENT_CERT_FILE, "A PEM file with the certificate that the client presents";
    ClientKeyFile = "client_key_file", Path, Secret, &env_vars::CLIENT_KEY_FILE, "A PEM file with the key of that certificate";
    TokenCache = "token_cache", Text, Destination, &env_vars::TOKEN_CACHE, "Where tokens are kept between runs: off, memory, keyring where it is built in, or the absolute path of a directory";
    Preset = "preset", Text, Destination, &env_vars::PRESET, "What is known of the provider: saas, self-managed or entra";
    Region = "region", Text, Destination, &env_vars::REGION, "The region of a cluster of Camunda SaaS";
    ClusterId = "cluster_id", Text, Destination, &env_vars::CLUSTER_ID, "The id of a cluster of Camunda SaaS";
    RealmUrl = "realm_url", Text, Destination, &env_vars::REALM_URL, "The URL of a realm of Keycloak";
    Tenant = "tenant", Text, Destination, &env_vars::TENANT, "The tenant of Entra ID";
    ApplicationId = "application_id", Text, Destination, &env_vars::APPLICATION_ID, "The client id of Optimize's own application registration at Entra ID";
    Strategy = "auth.strategy", Text, Secret, &[], "The strategy: none, static, client-credentials, client-assertion, token-file, exec or chain; known by what else is set if absent";
    ClientId = "auth.client_id", Text, Secret, &[], "The id of the OAuth client";
    ClientSecret = "auth.client_secret", Secret, Secret, &[], "The secret of the OAuth client";
    PrivateKey = "auth.private_key", Secret, Secret, &[], "A private key (PEM or JWK) that signs assertions instead of a secret";
    AssertionFile = "auth.assertion_file", Path, Secret, &[], "A file with an assertion that another program keeps up to date";
    Token = "auth.token", Secret, Secret, &[], "A token to use as it is, such as the shared secret of a self-managed server";
    TokenFile = "auth.token_file", Path, Secret, &[], "A file with a token that is read again and again";
    Command = "auth.command", List, Secret, &[], "A credential helper: the absolute path of a program and its arguments";
    HelperTimeout = "auth.timeout", Text, Secret, &[], "How long the credential helper may take, such as 30s";
    Interactive = "auth.interactive", Text, Secret, &[], "Whether the credential helper may ask: never or if-tty";
    EnvAllow = "auth.env_allow", List, Secret, &[], "Names of further environment variables that the credential helper is given";
    Sources = "auth.sources", Tables, Secret, &[], "The members of a chain, each a table of settings of auth";
    ClientAuth = "auth.client_auth", Text, Destination, &env_vars::CLIENT_AUTH, "How the client authenticates: post, basic, json, private-key-jwt, client-secret-jwt, mtls or none";
    KeyId = "auth.key_id", Text, Destination, &env_vars::KEY_ID, "The id of the private key, in a signed assertion's kid";
    SigningAlgorithm = "auth.signing_algorithm", Text, Destination, &env_vars::SIGNING_ALGORITHM, "RS256, PS256, ES256 or EdDSA";
    AssertionAudience = "auth.assertion_audience", Text, Destination, &env_vars::ASSERTION_AUDIENCE, "For whom a signed assertion is meant: issuer, token-endpoint, or a text";
    TokenUrl = "auth.token_url", Text, Destination, &env_vars::TOKEN_URL, "The token endpoint";
    Issuer = "auth.issuer", Text, Destination, &env_vars::ISSUER, "The issuer, which is asked for its token endpoint if no token URL is set";
    Audience = "auth.audience", Text, Nowhere, &env_vars::AUDIENCE, "The audience to request; none requests none. Client credentials without audience, scope, resource and preset request optimize.camunda.io";
    Scope = "auth.scope", Text, Nowhere, &env_vars::SCOPE, "The scope to ask for, space-separated";
    Resource = "auth.resource", Text, Nowhere, &env_vars::RESOURCE, "The resource to ask for (RFC 8707)";
}

impl Key {
    /// The parts of a credential set, which are taken from one layer together.
    pub(crate) const CREDENTIALS: [Self; 12] = [
        Self::Strategy,
        Self::ClientId,
        Self::ClientSecret,
        Self::PrivateKey,
        Self::AssertionFile,
        Self::Token,
        Self::TokenFile,
        Self::Command,
        Self::HelperTimeout,
        Self::Interactive,
        Self::EnvAllow,
        Self::Sources,
    ];

    /// How a credential is used: settings that may come from another layer than the credential.
    pub(crate) const USE: [Self; 9] = [
        Self::ClientAuth,
        Self::KeyId,
        Self::SigningAlgorithm,
        Self::AssertionAudience,
        Self::TokenUrl,
        Self::Issuer,
        Self::Audience,
        Self::Scope,
        Self::Resource,
    ];

    /// Every environment variable that holds it, whether for itself or as a part of a set.
    pub(crate) fn all_variables(self) -> Vec<&'static str> {
        match self {
            Self::ClientId => env_vars::CLIENT.iter().map(|(id, _)| *id).collect(),
            Self::ClientSecret => {
                let secrets = env_vars::CLIENT.iter().map(|(_, secret)| *secret);
                secrets.chain([env_vars::CLIENT_SECRET_FILE]).collect()
            }
            Self::PrivateKey => vec![env_vars::PRIVATE_KEY_FILE],
            Self::AssertionFile => vec![env_vars::ASSERTION_FILE],
            Self::Token => env_vars::TOKENS.into_iter().chain([env_vars::TOKEN_FILE]).collect(),
            _ => self.variables().to_vec(),
        }
    }

    /// Its name in the table it stands in.
    pub(crate) fn name(self) -> &'static str {
        self.path().strip_prefix("auth.").unwrap_or(self.path())
    }

    /// The setting that people call so, with or without `auth.`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.path() == name).or_else(|| Self::of_auth(name))
    }

    /// The setting of the table `auth` by its name there.
    pub(crate) fn of_auth(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.path().strip_prefix("auth.") == Some(name))
    }
}

/// One setting from one place.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) key: Key,
    pub(crate) value: SettingValue,
    pub(crate) origin: Origin,
}

#[derive(Clone, Debug)]
pub(crate) enum SettingValue {
    Text(String),
    Secret(SecretRef),
    List(Vec<String>),
    Tables(Vec<Vec<Setting>>),
    /// Hides what lower layers say.
    Unset,
}

/// Where a secret is. What it is stays unread until it is needed.
#[derive(Clone, Debug)]
pub(crate) enum SecretRef {
    /// In an environment variable.
    Variable(String),
    /// In a file; `-` is standard input.
    File(PathBuf),
    /// It stood in a configuration file that only its owner can read.
    Inline(SecretString),
    /// What this program prints.
    Command(Vec<String>),
    /// An entry of the operating system's keyring, by its name.
    Keyring(String),
}

/// Where a setting was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    File { path: PathBuf, line: usize, column: usize },
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column } => write!(f, "{}:{line}:{column}", path.display()),
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File(path) if path.as_os_str() == "-" => f.write_str("standard input"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Inline(_) => f.write_str("configuration file"),
            Self::Command(command) => write!(f, "the program {}", command.first().map_or("", String::as_str)),
            Self::Keyring(entry) => write!(f, "keyring entry {entry}"),
        }
    }
}
