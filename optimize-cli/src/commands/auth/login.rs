//! The wizard that sets up a profile.

mod answers;
mod checks;

use std::path::PathBuf;

use clap::Args;

use self::answers::{Answers, Provider};
use super::check_accepted;
use crate::app::App;
use crate::config::{self, Draft, SANDBOX_PROFILE, UserFile};
use crate::error::CliError;
use crate::output::Outcome;
use crate::prompt::Terminal;
use crate::text;

/// Set up a profile: asks, tests the connection, and saves
///
/// Each question has a flag; without a terminal, flags must answer all of them. The secret is saved in a file of its own
/// that only you can read. If the profile has a credential helper, the helper logs in instead.
#[derive(Args, Debug)]
pub(crate) struct Login {
    /// Where tokens come from
    #[arg(long, value_name = "PRESET")]
    preset: Option<Provider>,
    /// Camunda SaaS: the region of the cluster, such as bru-2, or the address of Optimize from the browser
    #[arg(long)]
    region: Option<String>,
    /// Camunda SaaS: the id of the cluster
    #[arg(long, value_name = "ID")]
    cluster_id: Option<String>,
    /// Keycloak: the URL of the realm
    #[arg(long, value_name = "URL")]
    realm_url: Option<String>,
    /// Entra: the id of the tenant
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// Entra: the client id of Optimize's own app registration
    #[arg(long, value_name = "ID")]
    application_id: Option<String>,
    /// Another OAuth provider: the token endpoint
    #[arg(long, value_name = "URL")]
    token_url: Option<String>,
    /// The client id; its secret is read from --client-secret-file
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// The audience to request, if not the usual one
    #[arg(long, value_name = "NAME")]
    audience: Option<String>,
    /// The scope to request
    #[arg(long)]
    scope: Option<String>,
    /// A PEM file with further certificate authorities
    #[arg(long, value_name = "FILE")]
    ca_file: Option<String>,
    /// Replace a profile of the same name without asking
    #[arg(long)]
    replace: bool,
    /// Save the profile even if the test fails
    #[arg(long)]
    save_anyway: bool,
}

/// What to do after a test that failed.
const WAYS_OUT: [&str; 4] = ["Change an answer", "Test again", "Save anyway", "Leave without saving"];

impl Login {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        app.only_for_people("set up a profile")?;
        if self.preset.is_none()
            && app.settings.strategy().is_some_and(|(strategy, _)| strategy == optimize_auth::BuiltinStrategy::Exec)
        {
            if !app.is_interactive() {
                return Err(CliError::usage("log in with the credential helper: there is no terminal"));
            }
            app.credentials().await?.log_in().await?;
            app.printer.remark("the credential helper has logged in");
            return Ok(Outcome::Done);
        }
        let mut terminal = app.is_interactive().then(Terminal::open).transpose()?;
        let profile = match (&app.settings.profile, &mut terminal) {
            (Some(profile), _) => profile.clone(),
            (None, Some(terminal)) => terminal.ask("Name of the profile", Some("default"))?,
            (None, None) => "default".to_owned(),
        };
        check_name(&profile)?;
        if !self.replace && config::user_profiles(&app.environment)?.contains(&profile) {
            if terminal.is_none() {
                let problem = format!("set up the profile `{profile}`: there is one of this name");
                return Err(CliError::usage(problem).with_hint("pass --replace to replace it and its secret"));
            }
            app.confirm(&format!("The profile `{profile}` exists. Replace it and its secret?"))?;
        }
        let mut file = UserFile::open(&app.environment)?;
        let mut answers = Answers::collect(&self, app, terminal.as_mut())?;
        let draft = loop {
            let draft = answers.draft(&profile);
            let Err(error) = test(app, &profile, &draft).await else {
                app.printer.remark("the server accepts the token");
                break draft;
            };
            if self.save_anyway {
                app.printer.warning(&format!("the test failed: {}", error.in_full()));
                break draft;
            }
            let Some(terminal) = &mut terminal else { return Err(error) };
            app.printer.error(&error, false);
            match terminal.choose("What now?", &WAYS_OUT)? {
                0 => answers.change_one(terminal)?,
                1 => {}
                2 => break draft,
                _ => return Err(CliError::declined()),
            }
        };
        let path = save(&mut file, &profile, &draft)?;
        app.printer.remark(&format!("saved the profile `{profile}` in {}", path.display()));
        app.printer.remark(&next_steps(&profile, file.default_profile().as_deref()));
        Ok(Outcome::Done)
    }
}

/// What people do next, as commands that can be copied.
fn next_steps(profile: &str, default: Option<&str>) -> String {
    if default == Some(profile) {
        return "next: optimize report list --collection ID".to_owned();
    }
    let list = text::command_line(["optimize", "--profile", profile, "report", "list", "--collection", "ID"]);
    let switch = text::command_line(["optimize", "auth", "switch", profile]);
    format!("next: {list}\nto use this profile by default: {switch}")
}

async fn test(app: &App, profile: &str, draft: &Draft) -> Result<(), CliError> {
    let trial = app.trial(profile, draft)?;
    app.printer.remark("testing the connection …");
    let tested = async {
        trial.token().await?;
        check_accepted(&trial).await
    };
    match tested.await {
        Ok(done) => Ok(done),
        Err(error) => Err(trial.explain(error).await),
    }
}

/// The name becomes a part of a file's name, and `sandbox` is built in.
fn check_name(profile: &str) -> Result<(), CliError> {
    if config::is_plain(profile) && profile != SANDBOX_PROFILE {
        return Ok(());
    }
    let problem = format!("set up the profile `{}`: its name cannot be used", profile.escape_debug());
    Err(CliError::config(problem).with_hint("use letters, digits, - and _; the name `sandbox` is built in"))
}

/// Writes the secret, then the profile that refers to it.
fn save(file: &mut UserFile, profile: &str, draft: &Draft) -> Result<PathBuf, CliError> {
    file.put_profile(profile, draft)?;
    if let Some((name, secret)) = draft.secret_file() {
        file.write_secret(name, secret)?;
    }
    Ok(file.save()?)
}
