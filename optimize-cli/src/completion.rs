//! Completion of words that only a run can know: profiles, collections, plugins.

use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;

use clap::{Command, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate, SubcommandCandidates};
use clap_complete::env::{CompleteEnv, Shells};

use crate::app::App;
use crate::config::{self, Files, SANDBOX_PROFILE, Settings};
use crate::env_vars::Environment;
use crate::error::CliError;
use crate::flags::GlobalArgs;
use crate::logging::LogFormat;
use crate::plugins;
use crate::printer::{ColorChoice, Printer};
use crate::text::is_completable;

/// Set by a shell that requests completions, to its name.
const VARIABLE: &str = "_OPTIMIZE_COMPLETE";

/// A person waits for the completion of a word.
const PATIENCE: Duration = Duration::from_secs(2);

/// The run that completes. Completers are given the word and nothing else.
static RUN: OnceLock<Run> = OnceLock::new();

struct Run {
    arguments: Vec<OsString>,
    environment: Environment,
    commands: fn() -> Command,
}

/// A shell with completions.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

/// Arguments that hold the id of a collection: the words of the command, and the name of the argument.
const COLLECTION_IDS: [(&[&str], &str); 7] = [
    (&["report", "list"], "collection"),
    (&["report", "export"], "collection"),
    (&["dashboard", "list"], "collection"),
    (&["dashboard", "export"], "collection"),
    (&["import"], "collection"),
    (&["collection", "get"], "id"),
    (&["collection", "scope", "set"], "id"),
];

/// Lets commands be completed by what only a run can know.
pub(crate) fn add_to(command: Command) -> Command {
    let command = complete(command.add(SubcommandCandidates::new(plugins)), "profile", profiles);
    COLLECTION_IDS.iter().fold(command, |command, (words, name)| add_collections(command, words, name))
}

fn add_collections(command: Command, words: &[&str], name: &str) -> Command {
    match words {
        [] => complete(command, name, collections),
        [first, rest @ ..] => {
            command.mut_subcommands(
                |child| {
                    if child.get_name() == *first { add_collections(child, rest, name) } else { child }
                },
            )
        }
    }
}

/// Arguments keep their places.
fn complete(command: Command, name: &str, candidates: fn() -> Vec<CompletionCandidate>) -> Command {
    command.mut_args(|argument| {
        if argument.get_id() == name { argument.add(ArgValueCandidates::new(candidates)) } else { argument }
    })
}

/// Prints completions for a shell that requests them. False if none does.
pub(crate) fn run(
    arguments: &[OsString],
    environment: &Environment,
    commands: fn() -> Command,
) -> Result<bool, clap::Error> {
    if environment.raw(VARIABLE).is_none() {
        return Ok(false);
    }
    // It is set once a process.
    let _ = RUN.set(Run { arguments: arguments.to_vec(), environment: environment.clone(), commands });
    CompleteEnv::with_factory(commands).var(VARIABLE).try_complete(arguments.iter().cloned(), None)
}

/// The script that a shell reads to have completions.
pub(crate) fn script(shell: Shell) -> Result<Vec<u8>, CliError> {
    let mut script = Vec::new();
    let name = match shell {
        Shell::Bash => "bash",
        Shell::Elvish => "elvish",
        Shell::Fish => "fish",
        Shell::Powershell => "powershell",
        Shell::Zsh => "zsh",
    };
    let failed = |error| CliError::io("write the completion script", error);
    let shells = Shells::builtins();
    let completer =
        shells.completer(name).ok_or_else(|| CliError::config(format!("complete for {name}: it is not known")))?;
    completer.write_registration(VARIABLE, "optimize", "optimize", "optimize", &mut script).map_err(failed)?;
    Ok(script)
}

/// What stands on the line so far, as far as it decides about the server.
fn flags(arguments: &[OsString]) -> GlobalArgs {
    let words: Vec<_> = arguments.iter().skip(1).map(|word| word.to_string_lossy()).collect();
    let value = |name: &str| {
        let of_word = |(place, word): (usize, &std::borrow::Cow<'_, str>)| {
            let rest = word.strip_prefix(name)?;
            rest.strip_prefix('=').map(str::to_owned).or_else(|| {
                rest.is_empty().then(|| words.get(place + 1).map(|word| word.clone().into_owned())).flatten()
            })
        };
        words.iter().enumerate().find_map(of_word)
    };
    GlobalArgs {
        profile: value("--profile"),
        config: value("--config").map(Into::into),
        trust_config: words.iter().any(|word| word == "--trust-config"),
        base_url: value("--base-url"),
        sandbox: words.iter().any(|word| word == "--sandbox"),
        client_secret_file: None,
        token_file: None,
        output: None,
        columns: Vec::new(),
        columns_optional: false,
        color: ColorChoice::Never,
        quiet: true,
        verbose: 0,
        log_format: LogFormat::Text,
        summary: None,
        audit: None,
        timeout: Some(PATIENCE),
        no_input: true,
        yes: false,
    }
}

/// The names of the profiles. A configuration that cannot be read has none; the command itself reports why.
fn profiles() -> Vec<CompletionCandidate> {
    let Some(Run { arguments, environment, .. }) = RUN.get() else { return Vec::new() };
    let mut flags = flags(arguments);
    flags.profile = None;
    let Ok(files) = Files::read(&flags.overrides(), environment) else { return Vec::new() };
    let names = files.standard.iter().chain(&files.named).flat_map(config::ConfigFile::profile_names);
    candidates(names.chain([SANDBOX_PROFILE]))
}

/// Only words in which no shell finds anything special: shells insert a candidate as it is, and servers choose ids.
fn candidates<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<CompletionCandidate> {
    words.into_iter().filter(|word| is_completable(word)).map(CompletionCandidate::new).collect()
}

/// The ids of the collections, if the server lists them soon.
fn collections() -> Vec<CompletionCandidate> {
    candidates(ids().unwrap_or_default().iter().map(String::as_str))
}

fn ids() -> Option<Vec<String>> {
    let Run { arguments, environment, commands } = RUN.get()?;
    let flags = flags(arguments);
    let settings = Settings::load(&flags.overrides(), environment, false).ok()?;
    let printer = Printer::new(true, ColorChoice::Never, LogFormat::Text, environment);
    let app = App::new(settings, printer, environment.clone(), flags, *commands);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async {
        let listed = async { app.client().await.ok()?.collections().list().await.ok() };
        let ids = tokio::time::timeout(PATIENCE, listed).await.ok()??;
        Some(ids.iter().map(|id| id.as_str().to_owned()).collect())
    })
}

/// The names of the plugins, which are commands too.
fn plugins() -> Vec<CompletionCandidate> {
    let Some(Run { environment, .. }) = RUN.get() else { return Vec::new() };
    let runnable = plugins::find_all(environment).into_iter();
    let runnable = runnable.filter(|plugin| plugin.problem.is_none() && is_completable(&plugin.name));
    runnable.map(|plugin| CompletionCandidate::new(plugin.name).help(Some("plugin".into()))).collect()
}
