//! The settings there are. Files, environment and flags all speak in these.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::env_vars;

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// A path; one in a file is relative to the folder of that file.
    Path,
    Boolean,
    Secret,
    /// Texts.
    List,
    /// Tables with settings of `auth`.
    Tables,
}

/// Declares the settings: name, place in a file, form, and the environment variables that hold it, the first one first.
macro_rules! keys {
    ($($key:ident = $path:literal, $form:ident, $variables:expr;)*) => {
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
    BaseUrl = "base_url", Text, &env_vars::BASE_URL;
    Output = "output", Text, &env_vars::OUTPUT;
    Timeout = "timeout", Text, &[];
    AllowInsecureHttp = "allow_insecure_http", Boolean, &env_vars::ALLOW_INSECURE_HTTP;
    CaFile = "ca_file", Path, &env_vars::CA_FILE;
    ClientCertFile = "client_cert_file", Path, &env_vars::CLIENT_CERT_FILE;
    ClientKeyFile = "client_key_file", Path, &env_vars::CLIENT_KEY_FILE;
    TokenCache = "token_cache", Text, &env_vars::TOKEN_CACHE;
    Preset = "preset", Text, &env_vars::PRESET;
    Region = "region", Text, &env_vars::REGION;
    ClusterId = "cluster_id", Text, &env_vars::CLUSTER_ID;
    RealmUrl = "realm_url", Text, &env_vars::REALM_URL;
    Tenant = "tenant", Text, &env_vars::TENANT;
    ApplicationId = "application_id", Text, &env_vars::APPLICATION_ID;
    Strategy = "auth.strategy", Text, &[];
    ClientId = "auth.client_id", Text, &[];
    ClientSecret = "auth.client_secret", Secret, &[];
    PrivateKey = "auth.private_key", Secret, &[];
    AssertionFile = "auth.assertion_file", Path, &[];
    Token = "auth.token", Secret, &[];
    TokenFile = "auth.token_file", Path, &[];
    Command = "auth.command", List, &[];
    HelperTimeout = "auth.timeout", Text, &[];
    Interactive = "auth.interactive", Text, &[];
    EnvAllow = "auth.env_allow", List, &[];
    Sources = "auth.sources", Tables, &[];
    ClientAuth = "auth.client_auth", Text, &env_vars::CLIENT_AUTH;
    KeyId = "auth.key_id", Text, &env_vars::KEY_ID;
    SigningAlgorithm = "auth.signing_algorithm", Text, &env_vars::SIGNING_ALGORITHM;
    AssertionAudience = "auth.assertion_audience", Text, &env_vars::ASSERTION_AUDIENCE;
    TokenUrl = "auth.token_url", Text, &env_vars::TOKEN_URL;
    Issuer = "auth.issuer", Text, &env_vars::ISSUER;
    Audience = "auth.audience", Text, &env_vars::AUDIENCE;
    Scope = "auth.scope", Text, &env_vars::SCOPE;
    Resource = "auth.resource", Text, &env_vars::RESOURCE;
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

    /// Its name in the table it stands in.
    pub(crate) fn name(self) -> &'static str {
        self.path().strip_prefix("auth.").unwrap_or(self.path())
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
        }
    }
}
