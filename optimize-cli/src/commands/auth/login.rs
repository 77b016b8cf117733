use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use super::check_accepted;
use crate::app::App;
use crate::config::{self, Draft, SANDBOX_PROFILE};
use crate::error::CliError;
use crate::output::Outcome;
use crate::prompt::Terminal;

/// Set up a profile: asks, tests the connection, and saves
///
/// The secret goes into a file of its own that only you can read. A profile whose tokens come from a credential helper is
/// logged in by that helper instead.
#[derive(Args, Debug)]
pub(crate) struct Login {
    /// Replace a profile of the same name without asking
    #[arg(long)]
    replace: bool,
}

const PROVIDERS: [(&str, Provider); 5] = [
    ("Camunda 8 SaaS", Provider::Saas),
    ("self-managed, with Keycloak", Provider::Keycloak),
    ("self-managed, with Microsoft Entra ID", Provider::Entra),
    ("self-managed, with another OAuth provider", Provider::Other),
    ("self-managed, with a shared token", Provider::Token),
];

#[derive(Clone, Copy)]
enum Provider {
    Saas,
    Keycloak,
    Entra,
    Other,
    Token,
}

impl Login {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        if !app.is_interactive() {
            return Err(CliError::usage(
                "ask for a profile's settings: standard input or error is no terminal, or --no-input is set",
            )
            .with_hint("write the profile by hand; see docs/guide/configuration.md"));
        }
        if app.settings.strategy().is_some_and(|(strategy, _)| strategy == "exec") {
            app.credentials().await?.log_in().await?;
            app.printer.remark("the credential helper has done its part");
            return Ok(Outcome::Done);
        }
        let mut terminal = Terminal::open()?;
        let profile = match &app.settings.profile {
            Some(profile) => profile.clone(),
            None => terminal.ask("Name of the profile", Some("default"))?,
        };
        check_name(&profile)?;
        if !self.replace && config::user_profiles(&app.environment)?.contains(&profile) {
            app.confirm(&format!("The profile `{profile}` exists. Replace it and its secret?"))?;
        }
        let folder = config::user_folder(&app.environment)?;
        let draft = ask(&mut terminal, &profile)?;
        let trial = app.trial(&profile, &draft);
        app.printer.remark("testing …");
        trial.token().await.map_err(|error| app.explain(error))?;
        check_accepted(&trial).await.map_err(|error| trial.explain(error))?;
        let file = save(&folder, &profile, &draft)?;
        app.printer
            .remark(&format!("the server accepts the token; saved the profile `{profile}` in {}", file.display()));
        Ok(Outcome::Done)
    }
}

/// The name becomes a part of a file's name, and `sandbox` is built in.
fn check_name(profile: &str) -> Result<(), CliError> {
    if config::is_plain(profile) && profile != SANDBOX_PROFILE {
        return Ok(());
    }
    let problem = format!("set up the profile `{}`: its name cannot be used", profile.escape_debug());
    Err(CliError::config(problem).with_hint("letters, digits, - and _ make a name; `sandbox` is built in"))
}

fn ask(terminal: &mut Terminal, profile: &str) -> Result<Draft, CliError> {
    let chosen = terminal.choose("Where is Optimize?", &PROVIDERS.map(|(name, _)| name))?;
    let provider = PROVIDERS[chosen].1;
    let mut draft = Draft::default();
    let mut text = |draft: &mut Draft, key: &'static str, question: &str, default: Option<&str>| {
        let answer = terminal.ask(question, default)?;
        draft.set(key, answer);
        Ok::<_, CliError>(())
    };
    if matches!(provider, Provider::Saas) {
        draft.set("preset", "saas".to_owned());
        text(&mut draft, "region", "Region of the cluster, such as bru-2", None)?;
        text(&mut draft, "cluster_id", "Cluster id", None)?;
    } else {
        text(&mut draft, "base_url", "Base URL of Optimize", Some("http://localhost:8083"))?;
    }
    match provider {
        Provider::Keycloak => {
            draft.set("preset", "self-managed".to_owned());
            let example = "http://localhost:18080/auth/realms/camunda-platform";
            text(&mut draft, "realm_url", "URL of the Keycloak realm", Some(example))?;
        }
        Provider::Entra => {
            draft.set("preset", "entra".to_owned());
            text(&mut draft, "tenant", "Tenant id", None)?;
            text(&mut draft, "application_id", "Client id of Optimize's application registration", None)?;
        }
        Provider::Other => text(&mut draft, "auth.token_url", "Token URL", None)?,
        Provider::Saas | Provider::Token => {}
    }
    let secret_file = format!("{profile}.secret");
    if matches!(provider, Provider::Token) {
        draft.set_secret("auth.token", terminal.ask_secret("Shared token")?, &secret_file);
    } else {
        let id = terminal.ask("Client id", None)?;
        draft.set("auth.client_id", id);
        draft.set_secret("auth.client_secret", terminal.ask_secret("Client secret")?, &secret_file);
    }
    Ok(draft)
}

/// Writes the secret, then the profile that refers to it.
fn save(folder: &Path, profile: &str, draft: &Draft) -> Result<PathBuf, CliError> {
    let failed = |path: &Path| {
        let action = format!("write {}", path.display());
        move |error| CliError::io(action, error)
    };
    let path = folder.join("config.toml");
    // A file that is kept elsewhere and linked to from here stays linked.
    let path = path.canonicalize().unwrap_or(path);
    let before = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
        read => read.map_err(|error| CliError::io(format!("read {}", path.display()), error))?,
    };
    let after = draft
        .written_into(&before, profile)
        .map_err(|problem| CliError::config(format!("add the profile to {}: {problem}", path.display())))?;
    crate::private_file::create_folder(folder).map_err(failed(folder))?;
    if let Some((name, secret)) = draft.secret_file() {
        let secret_path = folder.join(name);
        let line: SecretString = format!("{}\n", secret.expose_secret()).into();
        crate::private_file::write(&secret_path, &line).map_err(failed(&secret_path))?;
    }
    crate::private_file::write(&path, &after.into()).map_err(failed(&path))?;
    Ok(path)
}
