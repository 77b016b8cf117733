//! The known causes of errors, and their fixes.

use super::App;
use crate::config::{Key, RequestSource};
use crate::error::CliError;
use crate::hints::{self, Facts};

impl App {
    /// Adds the known cause of an error and its fix. Failures on the way to the API lead to `optimize auth doctor`.
    pub(crate) async fn explain(&self, error: CliError) -> CliError {
        const DOCTOR: &str = "to check each step, run `optimize auth doctor`";
        if error.is_explained() || !hints::is_for_doctor(&error) {
            return self.diagnose(error).await;
        }
        let error = self.diagnose(error).await;
        let hint = error.hint().map_or_else(|| DOCTOR.to_owned(), |hint| format!("{hint}; {DOCTOR}"));
        error.explained(Some(hint))
    }

    /// Adds the known cause of an error and its fix.
    pub(crate) async fn diagnose(&self, error: CliError) -> CliError {
        if error.is_explained() || error.hint().is_some() {
            return error.explained(None);
        }
        let hint = hints::find(&error, &self.facts().await);
        error.explained(hint)
    }

    /// What the causes of errors are looked for with.
    pub(crate) async fn facts(&self) -> Facts {
        let token = match self.credentials.get() {
            Some(credentials) => credentials.cached_token().await,
            None => None,
        };
        let settings = &self.settings;
        let audience = settings.requested(Key::Audience).ok().flatten();
        Facts {
            base_url: settings.base_url().ok(),
            token_url: settings.token_url().ok().flatten(),
            issuer: settings.issuer().ok().flatten(),
            audience: audience.filter(|audience| audience.source == RequestSource::Setting).map(|set| set.value),
            claims: token.and_then(|token| token.claims()),
            proxy: self.proxy(),
        }
    }
}
