//! The known causes of errors, and their fixes.

use optimize_auth::Credentials;

use super::App;
use crate::config::{Key, RequestSource};
use crate::error::CliError;
use crate::hints::{self, Facts};

impl App {
    /// Adds the known cause of an error and its fix. Failures on the way to the API lead to `optimize auth doctor`.
    pub(crate) fn explain(&self, error: CliError) -> CliError {
        const DOCTOR: &str = "to check each step, run `optimize auth doctor`";
        if error.is_explained() || !hints::is_for_doctor(&error) {
            return self.diagnose(error);
        }
        let error = self.diagnose(error);
        let hint = error.hint().map_or_else(|| DOCTOR.to_owned(), |hint| format!("{hint}; {DOCTOR}"));
        error.explained(Some(hint))
    }

    /// Adds the known cause of an error and its fix.
    pub(crate) fn diagnose(&self, error: CliError) -> CliError {
        if error.is_explained() || error.hint().is_some() {
            return error.explained(None);
        }
        let hint = hints::find(&error, &self.facts());
        error.explained(hint)
    }

    /// What the causes of errors are looked for with.
    pub(crate) fn facts(&self) -> Facts {
        let settings = &self.settings;
        let audience = settings.requested(Key::Audience).ok().flatten();
        Facts {
            base_url: settings.base_url().ok(),
            token_url: settings.token_url().ok().flatten(),
            issuer: settings.issuer().ok().flatten(),
            audience: audience.filter(|audience| audience.source == RequestSource::Setting).map(|set| set.value),
            claims: self.credentials.get().and_then(Credentials::cached_token).and_then(|token| token.claims()),
            proxy: self.proxy(),
        }
    }
}
