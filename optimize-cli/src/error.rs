//! What can go wrong, with its exit code and its hint.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use optimize_api::ErrorKind;
use optimize_auth::{AuthError, AuthErrorKind};

use crate::exit_code::Exit;

/// How many details are printed; a server may send one for each element of a batch.
const MOST_DETAILS: usize = 20;

/// A command that did not do what the user requested. `Display` reads after "failed to", unless it states what is wrong.
#[derive(Debug)]
pub(crate) struct CliError {
    kind: Kind,
    hint: Option<String>,
    /// The file that it is about.
    file: Option<String>,
    /// Whether the known causes were looked through.
    is_explained: bool,
    /// Whether the message says what is wrong, rather than which action failed.
    is_statement: bool,
}

#[derive(Debug)]
enum Kind {
    /// Arguments that do not go together.
    Usage(String),
    /// A setting or an input that cannot be used.
    Config(String),
    /// Something was done, but not all.
    Incomplete(String),
    Api(optimize_api::Error),
    Auth(AuthError),
    NotReady(String),
    /// Something that a server would have, and has not.
    NotFound(String),
    Io {
        action: String,
        source: io::Error,
    },
    /// A plugin that is not trusted asks for a credential.
    Untrusted(String),
    /// Something differs, which is a result and no failure.
    Different,
    Interrupted,
    /// The person said no.
    Declined,
}

impl CliError {
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Kind::Usage(message.into()).into()
    }

    pub(crate) fn config(message: impl Into<String>) -> Self {
        Kind::Config(message.into()).into()
    }

    pub(crate) fn incomplete(message: impl Into<String>) -> Self {
        Kind::Incomplete(message.into()).into()
    }

    pub(crate) fn not_ready(message: impl Into<String>) -> Self {
        Kind::NotReady(message.into()).into()
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Kind::NotFound(message.into()).into()
    }

    pub(crate) fn interrupted() -> Self {
        Kind::Interrupted.into()
    }

    pub(crate) fn untrusted(message: impl Into<String>) -> Self {
        Kind::Untrusted(message.into()).into()
    }

    /// The result of a comparison whose exit code is asked for.
    pub(crate) fn different() -> Self {
        Kind::Different.into()
    }

    /// Whether there is nothing to report but the exit code.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self.kind, Kind::Different)
    }

    pub(crate) fn declined() -> Self {
        Kind::Declined.into()
    }

    /// A file or stream that cannot be read or written; `action` says what was tried with which.
    pub(crate) fn io(action: impl Into<String>, source: io::Error) -> Self {
        Kind::Io { action: action.into(), source }.into()
    }

    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Notes that the message says what is wrong, so that it does not read after "failed to".
    pub(crate) fn stating(mut self) -> Self {
        self.is_statement = true;
        self
    }

    /// Names the file that it is about.
    pub(crate) fn about_file(mut self, name: impl Into<String>) -> Self {
        self.file = Some(name.into());
        self
    }

    /// Notes that the known causes were looked through, and what was found.
    pub(crate) fn explained(mut self, hint: Option<String>) -> Self {
        self.is_explained = true;
        self.hint = hint.or(self.hint);
        self
    }

    pub(crate) fn is_explained(&self) -> bool {
        self.is_explained
    }

    /// The failed token request, if that is what this is.
    pub(crate) fn auth(&self) -> Option<&AuthError> {
        match &self.kind {
            Kind::Auth(error) => Some(error),
            Kind::Api(error) => error.auth(),
            _ => None,
        }
    }

    pub(crate) fn api(&self) -> Option<&optimize_api::Error> {
        match &self.kind {
            Kind::Api(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the reader of our standard output went away, which is its right.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(&self.kind, Kind::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether an export fell short of a page, so that only a new one can be whole.
    /// Whether a page of report data was lost, so that reading all pages again may give them all.
    pub(crate) fn is_lost_page(&self) -> bool {
        matches!(&self.kind, Kind::Api(error) if error.kind() == ErrorKind::Incomplete)
    }

    pub(crate) fn exit(&self) -> Exit {
        match &self.kind {
            Kind::Usage(_) => Exit::Usage,
            Kind::Config(_) | Kind::Io { .. } => Exit::Configuration,
            Kind::Auth(error) => auth_exit(error),
            Kind::Api(error) => match error.kind() {
                ErrorKind::Authentication => error.auth().map_or(Exit::Authentication, auth_exit),
                ErrorKind::InvalidInput | ErrorKind::Misconfigured => Exit::Configuration,
                ErrorKind::Unauthorized | ErrorKind::Forbidden => Exit::Authentication,
                ErrorKind::NotFound => Exit::NotFound,
                ErrorKind::Conflict
                | ErrorKind::InvalidRequest
                | ErrorKind::TooLarge
                | ErrorKind::Unsupported
                | ErrorKind::ServerFault => Exit::Rejected,
                ErrorKind::Unavailable | ErrorKind::Connect | ErrorKind::Interrupted | ErrorKind::Timeout => {
                    Exit::Unavailable
                }
                ErrorKind::Incomplete => Exit::Incomplete,
                _ => Exit::Unexpected,
            },
            Kind::Incomplete(_) => Exit::Incomplete,
            Kind::NotReady(_) => Exit::Unavailable,
            Kind::NotFound(_) => Exit::NotFound,
            Kind::Untrusted(_) => Exit::Authentication,
            Kind::Different => Exit::Unexpected,
            Kind::Interrupted | Kind::Declined => Exit::Interrupted,
        }
    }

    /// The class of this error in machine-readable output: one word for each exit code.
    pub(crate) fn kind(&self) -> &'static str {
        match self.exit() {
            Exit::Usage => "usage",
            Exit::Configuration => "configuration",
            Exit::Authentication => "authentication",
            Exit::NotFound => "notFound",
            Exit::Rejected => "rejected",
            Exit::Unavailable => "unavailable",
            Exit::Incomplete => "incomplete",
            Exit::Interrupted => "interrupted",
            Exit::Done | Exit::Unexpected => "unexpected",
        }
    }

    /// The likely cause and its fix, or what to do.
    pub(crate) fn hint(&self) -> Option<String> {
        self.hint.clone().or_else(|| self.api()?.hint().map(ToString::to_string))
    }

    /// The message with its hint, for one line.
    pub(crate) fn with_hint_in_message(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{} ({hint})", self.message()),
            None => self.message(),
        }
    }

    /// What went wrong, without the causes.
    pub(crate) fn message(&self) -> String {
        let place = self.file.as_ref().map(|file| format!("{file}: ")).unwrap_or_default();
        match &self.kind {
            // These are sentences.
            Kind::Interrupted | Kind::Declined | Kind::Api(_) | Kind::Auth(_) => format!("{place}{self}"),
            _ if self.is_statement => format!("{place}{self}"),
            _ => format!("{place}failed to {self}"),
        }
    }

    /// This error and its causes in one line.
    pub(crate) fn in_full(&self) -> String {
        std::iter::once(self.message()).chain(self.causes()).collect::<Vec<_>>().join(": ")
    }

    /// What the server said of single elements, versions, definitions and items.
    pub(crate) fn details(&self) -> Vec<String> {
        let Some(server) = self.api().map(optimize_api::Error::server) else { return Vec::new() };
        let invalid = server.validation_errors.iter().map(ToString::to_string);
        let versions = server.mismatching_indices.iter().map(|index| {
            let (name, source, target) = (&index.index_name, index.source_index_version, index.target_index_version);
            format!("{name}: version {source} in the file, {target} at the server")
        });
        let definitions = server.definitions.iter().map(|missing| {
            let versions = missing.versions.join(", ");
            format!("{} {} (versions {versions}): not known to the server", missing.definition_type, missing.key)
        });
        let conflicts = server.conflicted_items.iter().map(|item| {
            let name = item.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
            format!("in the way: {} {}{name}", item.item_type, item.id)
        });
        let mut texts: Vec<_> = invalid.chain(versions).chain(definitions).chain(conflicts).collect();
        let more = texts.len().saturating_sub(MOST_DETAILS);
        texts.truncate(MOST_DETAILS);
        let mut texts: Vec<_> = texts.iter().map(|text| optimize_auth::scrub(text, &[])).collect();
        texts.extend((more > 0).then(|| format!("and {more} more")));
        texts
    }

    /// The error for machines.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        let api = self.api();
        serde_json::json!({
            "kind": self.kind(),
            "message": self.message(),
            "status": api.and_then(optimize_api::Error::status),
            "operation": api.and_then(optimize_api::Error::operation),
            "serverCode": api.and_then(|api| api.server().code.as_deref()),
            "hint": self.hint(),
            "causes": self.causes().into_iter().chain(self.details()).collect::<Vec<_>>(),
        })
    }

    /// The texts of the underlying errors, outermost first.
    pub(crate) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source();
        while let Some(error) = next {
            causes.push(error.to_string());
            next = error.source();
        }
        causes
    }
}

fn auth_exit(error: &AuthError) -> Exit {
    match error.kind() {
        AuthErrorKind::InvalidInput => Exit::Configuration,
        // A file that is not there is a matter of the settings, a helper that knows nothing one of the credentials.
        AuthErrorKind::NotFound if error.source().is_some() => Exit::Configuration,
        AuthErrorKind::Unavailable => Exit::Unavailable,
        _ => Exit::Authentication,
    }
}

impl From<Kind> for CliError {
    fn from(kind: Kind) -> Self {
        Self { kind, hint: None, file: None, is_explained: false, is_statement: false }
    }
}

impl From<optimize_api::Error> for CliError {
    fn from(error: optimize_api::Error) -> Self {
        Kind::Api(error).into()
    }
}

impl From<optimize_config::Error> for CliError {
    fn from(error: optimize_config::Error) -> Self {
        use optimize_config::ErrorKind;
        let (kind, hint, message) = (error.kind(), error.hint().map(str::to_owned), error.to_string());
        let converted = match kind {
            ErrorKind::Usage => Kind::Usage(message).into(),
            ErrorKind::Io => source(error)
                .map_or_else(|| Self::config(&message), |source| Kind::Io { action: message.clone(), source }.into()),
            ErrorKind::Authentication => {
                source::<AuthError>(error).map_or_else(|| Self::config(message), |source| Kind::Auth(source).into())
            }
            // The question was ours, and so is what became of it.
            ErrorKind::Asking => return source(error).unwrap_or_else(|| Self::config(message)),
            _ => Self::config(message),
        };
        Self { hint, ..converted.stating() }
    }
}

/// What an error of the configuration was made from.
fn source<T: StdError + 'static>(error: optimize_config::Error) -> Option<T> {
    error.into_source()?.downcast().ok().map(|source| *source)
}

impl From<optimize_definitions::Error> for CliError {
    fn from(error: optimize_definitions::Error) -> Self {
        use optimize_definitions::ErrorKind;
        let (hint, message) = (error.hint().map(str::to_owned), error.to_string());
        let converted: Self = match (error.kind(), error.api()) {
            (_, Some(api)) => api.clone().into(),
            (ErrorKind::Incomplete, None) => Self::incomplete(message).stating(),
            (ErrorKind::Io, None) => {
                let cause = StdError::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Self::config(format!("{message}{cause}")).stating()
            }
            _ => Self::config(message).stating(),
        };
        match hint {
            Some(hint) => converted.with_hint(hint),
            None => converted,
        }
    }
}

impl From<AuthError> for CliError {
    fn from(error: AuthError) -> Self {
        Kind::Auth(error).into()
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Usage(message)
            | Kind::Config(message)
            | Kind::Incomplete(message)
            | Kind::NotReady(message)
            | Kind::NotFound(message)
            | Kind::Untrusted(message) => f.write_str(message),
            Kind::Api(error) => error.fmt(f),
            Kind::Auth(error) => error.fmt(f),
            Kind::Io { action, .. } => f.write_str(action),
            Kind::Different => f.write_str("there are differences"),
            Kind::Interrupted => f.write_str("interrupted"),
            Kind::Declined => f.write_str("aborted; nothing was changed"),
        }
    }
}

impl StdError for CliError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.kind {
            Kind::Api(error) => error.source(),
            Kind::Auth(error) => error.source(),
            Kind::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
