//! The questions of the wizard, and their answers from flags or from a person.

use std::path::PathBuf;

use clap::ValueEnum;
use secrecy::{ExposeSecret, SecretString};

use super::{Login, checks};
use crate::app::App;
use crate::config::{self, Draft, Key};
use crate::error::CliError;
use crate::prompt::Terminal;

/// Where tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Provider {
    /// Camunda 8 SaaS
    Saas,
    /// Self-managed, with Keycloak
    SelfManaged,
    /// Self-managed, with Microsoft Entra ID
    Entra,
    /// Self-managed, with another OAuth provider
    Oauth,
    /// Self-managed, with a shared token
    Token,
}

/// A question, the setting that its answer becomes, and how an answer is checked.
struct Question {
    key: Key,
    text: &'static str,
    flag: &'static str,
    default: Option<&'static str>,
    check: fn(&str) -> Result<String, String>,
}

const fn question(
    key: Key,
    text: &'static str,
    flag: &'static str,
    default: Option<&'static str>,
    check: fn(&str) -> Result<String, String>,
) -> Question {
    Question { key, text, flag, default, check }
}

static REGION: Question =
    question(Key::Region, "Region such as bru-2, or the address of Optimize", "--region", None, checks::label);
static CLUSTER_ID: Question = question(Key::ClusterId, "Cluster id", "--cluster-id", None, checks::label);
static BASE_URL: Question =
    question(Key::BaseUrl, "Base URL of Optimize", "--base-url", Some("http://localhost:8083"), checks::base_url);
static REALM_URL: Question = question(
    Key::RealmUrl,
    "URL of the Keycloak realm",
    "--realm-url",
    Some("http://localhost:18080/auth/realms/camunda-platform"),
    checks::realm_url,
);
static TENANT: Question = question(Key::Tenant, "Tenant id", "--tenant", None, checks::label);
static APPLICATION_ID: Question = question(
    Key::ApplicationId,
    "Client id of Optimize's own app registration",
    "--application-id",
    None,
    checks::application_id,
);
static TOKEN_URL: Question = question(Key::TokenUrl, "Token URL", "--token-url", None, checks::url);
static CLIENT_ID: Question = question(Key::ClientId, "Client id", "--client-id", None, checks::word);
static AUDIENCE: Question =
    question(Key::Audience, "Audience (Enter: the usual one)", "--audience", Some(""), checks::word);
static SCOPE: Question = question(Key::Scope, "Scope (Enter: none)", "--scope", Some(""), checks::words);
static CA_FILE: Question =
    question(Key::CaFile, "PEM file with the CA's certificate (Enter: none)", "--ca-file", Some(""), checks::ca_file);

impl Provider {
    fn questions(self) -> Vec<&'static Question> {
        let mut questions = match self {
            Self::Saas => vec![&REGION, &CLUSTER_ID],
            Self::SelfManaged => vec![&BASE_URL, &REALM_URL],
            Self::Entra => vec![&BASE_URL, &TENANT, &APPLICATION_ID],
            Self::Oauth => vec![&BASE_URL, &TOKEN_URL],
            Self::Token => vec![&BASE_URL],
        };
        if self != Self::Token {
            questions.push(&CLIENT_ID);
        }
        questions
    }

    /// Those that most people leave empty.
    fn further_questions(self) -> Vec<&'static Question> {
        if self == Self::Token { vec![&CA_FILE] } else { vec![&AUDIENCE, &SCOPE, &CA_FILE] }
    }

    /// The question for the secret.
    fn secret(self) -> &'static str {
        if self == Self::Token { "Shared token" } else { "Client secret" }
    }

    fn preset(self) -> Option<&'static str> {
        match self {
            Self::Saas => Some("saas"),
            Self::SelfManaged => Some("self-managed"),
            Self::Entra => Some("entra"),
            Self::Oauth | Self::Token => None,
        }
    }
}

/// What was answered, in the order of the questions.
pub(super) struct Answers {
    provider: Provider,
    values: Vec<(&'static Question, String)>,
    secret: SecretString,
    /// What `~` stands for, which no shell expands at a prompt.
    home: Option<PathBuf>,
}

impl Answers {
    /// Takes answers from flags, and asks for the others where there is a terminal.
    pub(super) fn collect(login: &Login, app: &App, mut terminal: Option<&mut Terminal>) -> Result<Self, CliError> {
        let provider = match (login.preset, &mut terminal) {
            (Some(provider), _) => provider,
            (None, Some(terminal)) => {
                let all = Provider::value_variants();
                let names: Vec<_> = all.iter().map(|provider| provider.about()).collect();
                all[terminal.choose("Where is Optimize?", &names.iter().map(String::as_str).collect::<Vec<_>>())?]
            }
            (None, None) => return Err(unanswered("Where is Optimize?", "--preset PRESET")),
        };
        let home = config::home(&app.environment);
        let mut answers = Self { provider, values: Vec::new(), secret: SecretString::default(), home };
        for question in provider.questions() {
            if answers.value(question.key).is_some() {
                continue;
            }
            match (login.flag(question.key, app), &mut terminal) {
                (Some(text), _) => answers.take(question, text).map_err(|problem| of_flag(question, &problem))?,
                (None, Some(terminal)) => answers.ask(question, terminal)?,
                (None, None) => return Err(unanswered(question.text, question.flag)),
            }
        }
        answers.secret = answers.read_secret(app, terminal.as_deref_mut())?;
        let further = provider.further_questions();
        let given: Vec<_> =
            further.iter().filter_map(|question| Some((*question, login.flag(question.key, app)?))).collect();
        for (question, text) in &given {
            answers.take(question, text).map_err(|problem| of_flag(question, &problem))?;
        }
        if let Some(terminal) = terminal
            && given.is_empty()
            && login.preset.is_none()
            && terminal.agrees("Set audience, scope or a CA file?")?
        {
            for question in further {
                answers.ask(question, terminal)?;
            }
        }
        Ok(answers)
    }

    /// Asks one question again, which the person chooses.
    pub(super) fn change_one(&mut self, terminal: &mut Terminal) -> Result<(), CliError> {
        let mut questions = self.provider.questions();
        questions.extend(self.provider.further_questions());
        let mut lines: Vec<_> = questions
            .iter()
            .map(|question| format!("{}: {}", question.text, self.value(question.key).unwrap_or("(empty)")))
            .collect();
        lines.push(format!("{}: (not shown)", self.provider.secret()));
        let chosen = terminal.choose("Which answer?", &lines.iter().map(String::as_str).collect::<Vec<_>>())?;
        if let Some(question) = questions.get(chosen) {
            return self.ask(question, terminal);
        }
        self.secret = self.ask_secret(terminal)?;
        Ok(())
    }

    /// The profile with these answers.
    pub(super) fn draft(&self, profile: &str) -> Draft {
        let mut draft = Draft::default();
        if let Some(preset) = self.provider.preset() {
            draft.set(Key::Preset, preset.to_owned());
        }
        for (question, value) in self.values.iter().filter(|(_, value)| !value.is_empty()) {
            draft.set(question.key, value.clone());
        }
        let key = if self.provider == Provider::Token { Key::Token } else { Key::ClientSecret };
        draft.set_secret(key, self.secret.clone(), &format!("{profile}.secret"));
        draft
    }

    fn value(&self, key: Key) -> Option<&str> {
        self.values.iter().find(|(question, _)| question.key == key).map(|(_, value)| value.as_str())
    }

    /// Asks until the answer can be used.
    fn ask(&mut self, question: &'static Question, terminal: &mut Terminal) -> Result<(), CliError> {
        let known = self.value(question.key).map(str::to_owned);
        loop {
            let text = terminal.ask(question.text, known.as_deref().or(question.default))?;
            match self.take(question, &text) {
                Ok(()) => return Ok(()),
                Err(problem) => terminal.print(&format!("This cannot be used: {problem}"))?,
            }
        }
    }

    /// Keeps an answer. The address of Optimize in Camunda SaaS answers two questions.
    fn take(&mut self, question: &'static Question, text: &str) -> Result<(), String> {
        if question.key == Key::Region
            && let Some((region, cluster)) = checks::saas_address(text)
        {
            self.put(&REGION, checks::label(&region)?);
            self.put(&CLUSTER_ID, checks::label(&cluster)?);
            return Ok(());
        }
        let in_home = |home: &PathBuf| Some(home.join(text.strip_prefix("~/")?).display().to_string());
        let expanded = self.home.as_ref().filter(|_| question.key == Key::CaFile).and_then(in_home);
        let text = expanded.as_deref().unwrap_or(text);
        let value =
            if text.is_empty() && question.default == Some("") { String::new() } else { (question.check)(text)? };
        self.put(question, value);
        Ok(())
    }

    fn put(&mut self, question: &'static Question, value: String) {
        match self.values.iter_mut().find(|(known, _)| known.key == question.key) {
            Some((_, known)) => *known = value,
            None => self.values.push((question, value)),
        }
    }

    fn read_secret(&self, app: &App, terminal: Option<&mut Terminal>) -> Result<SecretString, CliError> {
        let (file, flag) = match self.provider {
            Provider::Token => (&app.flags.token_file, "--token-file FILE"),
            _ => (&app.flags.client_secret_file, "--client-secret-file FILE"),
        };
        match (file, terminal) {
            (Some(file), _) => {
                let secret = config::read_secret(file, &self.provider.secret().to_lowercase(), &app.occasion())?;
                self.check_secret(&secret).map_err(|problem| CliError::config(format!("{flag}: {problem}")).stating())
            }
            (None, Some(terminal)) => self.ask_secret(terminal),
            (None, None) => Err(unanswered(self.provider.secret(), flag)),
        }
    }

    fn ask_secret(&self, terminal: &mut Terminal) -> Result<SecretString, CliError> {
        loop {
            match self.check_secret(&terminal.ask_secret(self.provider.secret())?) {
                Ok(secret) => return Ok(secret),
                Err(problem) => terminal.print(&format!("This cannot be used: {problem}"))?,
            }
        }
    }

    fn check_secret(&self, secret: &SecretString) -> Result<SecretString, String> {
        if self.provider == Provider::Token {
            return checks::token(secret.expose_secret());
        }
        Ok(secret.clone())
    }
}

impl Provider {
    /// Its line in the list, which is also that of the help.
    fn about(self) -> String {
        let value = self.to_possible_value();
        value.and_then(|value| value.get_help().map(ToString::to_string)).unwrap_or_default()
    }
}

impl Login {
    /// The answer that a flag gives.
    fn flag<'a>(&'a self, key: Key, app: &'a App) -> Option<&'a str> {
        let flag = match key {
            Key::BaseUrl => &app.flags.base_url,
            Key::Region => &self.region,
            Key::ClusterId => &self.cluster_id,
            Key::RealmUrl => &self.realm_url,
            Key::Tenant => &self.tenant,
            Key::ApplicationId => &self.application_id,
            Key::TokenUrl => &self.token_url,
            Key::ClientId => &self.client_id,
            Key::Audience => &self.audience,
            Key::Scope => &self.scope,
            Key::CaFile => &self.ca_file,
            _ => &None,
        };
        flag.as_deref()
    }
}

fn of_flag(question: &Question, problem: &str) -> CliError {
    CliError::usage(format!("{}: {problem}", question.flag)).stating()
}

fn unanswered(question: &str, flag: &str) -> CliError {
    let problem = format!("cannot ask \"{question}\": standard input or error is not a terminal, or --no-input is set");
    CliError::usage(problem).stating().with_hint(format!("pass {flag}"))
}
