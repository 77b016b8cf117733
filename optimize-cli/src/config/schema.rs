//! The settings there are. Files, environment and flags all speak in these.

use std::fmt;
use std::path::PathBuf;

use secrecy::SecretString;

/// A setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    BaseUrl,
    Output,
    Timeout,
    AllowInsecureHttp,
    CaFile,
    ClientId,
    ClientSecret,
    Token,
    ClientAuth,
    TokenUrl,
    Audience,
    Scope,
    Resource,
}

/// What a setting holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    /// A path; one in a file is relative to the folder of that file.
    Path,
    Boolean,
    Secret,
}

impl Key {
    pub(crate) const ALL: [Self; 13] = [
        Self::BaseUrl,
        Self::Output,
        Self::Timeout,
        Self::AllowInsecureHttp,
        Self::CaFile,
        Self::ClientId,
        Self::ClientSecret,
        Self::Token,
        Self::ClientAuth,
        Self::TokenUrl,
        Self::Audience,
        Self::Scope,
        Self::Resource,
    ];

    /// The parts of a credential set, which are taken from one layer together.
    pub(crate) const CREDENTIALS: [Self; 3] = [Self::ClientId, Self::ClientSecret, Self::Token];

    /// Its place in a file; `auth.x` is `x` in the table `auth`.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::BaseUrl => "base_url",
            Self::Output => "output",
            Self::Timeout => "timeout",
            Self::AllowInsecureHttp => "allow_insecure_http",
            Self::CaFile => "ca_file",
            Self::ClientId => "auth.client_id",
            Self::ClientSecret => "auth.client_secret",
            Self::Token => "auth.token",
            Self::ClientAuth => "auth.client_auth",
            Self::TokenUrl => "auth.token_url",
            Self::Audience => "auth.audience",
            Self::Scope => "auth.scope",
            Self::Resource => "auth.resource",
        }
    }

    pub(crate) fn form(self) -> Form {
        match self {
            Self::AllowInsecureHttp => Form::Boolean,
            Self::CaFile => Form::Path,
            Self::ClientSecret | Self::Token => Form::Secret,
            _ => Form::Text,
        }
    }
}

/// One setting from one place.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) key: Key,
    pub(crate) value: SettingValue,
    pub(crate) origin: Origin,
}

#[derive(Debug)]
pub(crate) enum SettingValue {
    Text(String),
    Secret(SecretRef),
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
