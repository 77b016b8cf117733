//! The settings there are, with their types.

use std::path::PathBuf;
use std::time::Duration;

use optimize_auth::{BuiltinStrategy, ClientAuthMethod, SigningAlgorithm};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::env_vars;
use crate::setting::SecretRef;
use crate::types::{Address, Checked, Form, Interactive, OutputFormat, PresetName, SettingType, TokenCachePlace};

/// What a setting can do in a configuration file that the user has not chosen to trust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It changes what is requested or how it is shown. It leads nowhere.
    Nowhere,
    /// It decides where requests and secrets go, how they are protected on the way, or where tokens are kept.
    Destination,
    /// It is a secret, or decides which secret is used or which program is run.
    Secret,
}

/// Declares the settings, group by group: the name of the key, the field, its type, its reach, the environment variables that
/// hold it, the first one first, and what it is for. Structs, keys, schema and reference are all made from this.
macro_rules! settings {
    ($($(#[$group_about:meta])* $group:ident, $prefix:literal => {
        $($key:ident $field:ident: $type:ty, $reach:ident, $variables:expr, $about:literal;)*
    })*) => {
        $(
            #[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
            #[serde(default)]
            $(#[$group_about])*
            pub(crate) struct $group {
                $(#[doc = $about] pub $field: Option<Checked<$type>>,)*
            }
        )*

        /// A setting.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Key {
            $($(#[doc = $about] $key,)*)*
        }

        impl Key {
            /// All settings.
            pub const ALL: &[Self] = &[$($(Self::$key,)*)*];

            /// Its place in a file; `auth.x` is `x` in the table `auth`.
            pub fn path(self) -> &'static str {
                match self {
                    $($(Self::$key => concat!($prefix, stringify!($field)),)*)*
                }
            }

            pub(crate) fn form(self) -> Form {
                match self {
                    $($(Self::$key => <$type as SettingType>::FORM,)*)*
                }
            }

            /// The words it can be, if they are few.
            pub(crate) fn words(self) -> Vec<&'static str> {
                match self {
                    $($(Self::$key => <$type as SettingType>::words(),)*)*
                }
            }

            /// What it can do in a file that is not trusted.
            pub(crate) fn reach(self) -> Reach {
                match self {
                    $($(Self::$key => Reach::$reach,)*)*
                }
            }

            /// The environment variables of a setting that stands for itself. Credentials have theirs in sets.
            pub(crate) fn variables(self) -> &'static [&'static str] {
                match self {
                    $($(Self::$key => $variables,)*)*
                }
            }
        }
    };
}

settings! {
    /// The server.
    Server, "" => {
        BaseUrl base_url: Address, Destination, &env_vars::BASE_URL, "Base URL of Optimize: what comes before /api";
        Protected protected: bool, Destination, &env_vars::PROTECTED, "Whether commands that change something ask first, or need --yes";
    }
    /// How data is printed.
    Printing, "" => {
        Output output: OutputFormat, Nowhere, &env_vars::OUTPUT, "Output format: auto, table, json, ndjson or csv";
    }
    /// How connections are made.
    Connection, "" => {
        Timeout timeout: Duration, Nowhere, &[], "How long one request may take, its retries included, such as 30s or 2m";
        AllowInsecureHttp allow_insecure_http: bool, Destination, &env_vars::ALLOW_INSECURE_HTTP, "Whether credentials may go over plain http to other machines";
        CaFile ca_file: PathBuf, Destination, &env_vars::CA_FILE, "A PEM file of further certificate authorities to trust";
        ClientCertFile client_cert_file: PathBuf, Secret, &env_vars::CLIENT_CERT_FILE, "A PEM file with the certificate that the client presents";
        ClientKeyFile client_key_file: PathBuf, Secret, &env_vars::CLIENT_KEY_FILE, "A PEM file with the key of that certificate";
    }
    /// What is kept between runs.
    Storage, "" => {
        TokenCache token_cache: TokenCachePlace, Destination, &env_vars::TOKEN_CACHE, "Where tokens are kept between runs: off, memory, keyring where it is built in, or the absolute path of a directory";
    }
    /// The preset of the provider, and what it needs.
    Provider, "" => {
        Preset preset: PresetName, Destination, &env_vars::PRESET, "The preset of the provider: saas, self-managed or entra";
        Region region: String, Destination, &env_vars::REGION, "The region of a cluster of Camunda SaaS";
        ClusterId cluster_id: String, Destination, &env_vars::CLUSTER_ID, "The id of a cluster of Camunda SaaS";
        RealmUrl realm_url: String, Destination, &env_vars::REALM_URL, "The URL of a realm of Keycloak";
        Tenant tenant: String, Destination, &env_vars::TENANT, "The tenant of Entra ID";
        ApplicationId application_id: String, Destination, &env_vars::APPLICATION_ID, "The client id of Optimize's own application registration at Entra ID";
    }
    /// How requests are authenticated.
    #[schemars(rename = "auth", deny_unknown_fields)]
    #[expect(clippy::struct_field_names, reason = "the names are those of the settings")]
    Auth, "auth." => {
        Strategy strategy: BuiltinStrategy, Secret, &[], "The strategy: none, static, client-credentials, client-assertion, token-file, exec or chain; if absent, it follows from the other settings";
        ClientId client_id: String, Secret, &[], "The id of the OAuth client";
        ClientSecret client_secret: SecretRef, Secret, &[], "The secret of the OAuth client";
        PrivateKey private_key: SecretRef, Secret, &[], "A private key (PEM or JWK) that signs assertions instead of a secret";
        AssertionFile assertion_file: PathBuf, Secret, &[], "A file with an assertion that another program keeps up to date";
        Token token: SecretRef, Secret, &[], "A token to use as it is, such as the shared secret of a self-managed server";
        TokenFile token_file: PathBuf, Secret, &[], "A file with a token that is read again and again";
        Command command: Vec<String>, Secret, &[], "A credential helper: the absolute path of a program and its arguments";
        HelperTimeout timeout: Duration, Secret, &[], "How long the credential helper may take, such as 30s";
        Interactive interactive: Interactive, Secret, &[], "Whether the credential helper may ask: never or if-tty";
        EnvAllow env_allow: Vec<String>, Secret, &[], "Names of further environment variables that the credential helper is given";
        Sources sources: Vec<Auth>, Secret, &[], "The members of a chain, each a table of settings of auth";
        ClientAuth client_auth: ClientAuthMethod, Destination, &env_vars::CLIENT_AUTH, "How the client authenticates: post, basic, json, private-key-jwt, client-secret-jwt, mtls or none";
        KeyId key_id: String, Destination, &env_vars::KEY_ID, "The id of the private key, in a signed assertion's kid";
        SigningAlgorithm signing_algorithm: SigningAlgorithm, Destination, &env_vars::SIGNING_ALGORITHM, "RS256, PS256, ES256 or EdDSA";
        AssertionAudience assertion_audience: String, Destination, &env_vars::ASSERTION_AUDIENCE, "The audience of a signed assertion: issuer, token-endpoint, or another string";
        TokenUrl token_url: Address, Destination, &env_vars::TOKEN_URL, "The token endpoint";
        Issuer issuer: Address, Destination, &env_vars::ISSUER, "The issuer, whose metadata names the token endpoint if no token URL is set";
        Audience audience: String, Nowhere, &env_vars::AUDIENCE, "The audience to request; none requests none. Client credentials without audience, scope, resource and preset request optimize.camunda.io";
        Scope scope: String, Nowhere, &env_vars::SCOPE, "The scope to request, space-separated";
        Resource resource: String, Nowhere, &env_vars::RESOURCE, "The resource to request (RFC 8707)";
    }
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
    pub fn name(self) -> &'static str {
        self.path().strip_prefix("auth.").unwrap_or(self.path())
    }

    /// The setting that people call so, with or without `auth.`.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.path() == name).or_else(|| Self::of_auth(name))
    }

    /// The setting of the table `auth` by its name there.
    pub(crate) fn of_auth(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|key| key.path().strip_prefix("auth.") == Some(name))
    }
}
