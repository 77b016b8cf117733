//! `pages DIRECTORY` writes the reference of the book, and the JSON Schema of the configuration, from the crates themselves.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::Command;
use optimize_api::Operation;
use serde_json::Value;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> Outcome {
    let directory = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: pages DIRECTORY")?;
    fs::create_dir_all(&directory)?;
    let schema = optimize_cli::settings_schema();
    for (name, text) in [
        ("command-line.md", command_line()?),
        ("settings.md", settings(&schema)?),
        ("operations.md", operations()?),
        ("known-problems.md", known_problems()?),
        ("config.schema.json", format!("{}\n", serde_json::to_string_pretty(&schema)?)),
    ] {
        fs::write(directory.join(name), text)?;
    }
    Ok(())
}

/// The help of every command. Only that of the program itself lists the options that every command takes.
fn command_line() -> Outcome<String> {
    let mut program = optimize_cli::command();
    program.build();
    let mut text =
        "# Command line\n\nThe help of every command. The options at the end of the first are those of all.\n"
            .to_owned();
    write!(text, "\n## optimize\n\n```text\n{}\n```\n", help(&mut program))?;
    add_commands(&program, "optimize", &mut text)?;
    Ok(text)
}

fn add_commands(parent: &Command, path: &str, text: &mut String) -> Outcome {
    for command in parent.get_subcommands().filter(|command| command.get_name() != "help") {
        let path = format!("{path} {}", command.get_name());
        let help = help(&mut command.clone());
        let (own, rest) = help.split_once("Global options:\n").unwrap_or((&help, ""));
        let examples = rest.split_once("\nExample").map(|(_, examples)| format!("Example{examples}"));
        let shown = format!("{own}{}", examples.unwrap_or_default());
        write!(text, "\n## {path}\n\n```text\n{}\n```\n", shown.trim_end())?;
        add_commands(command, &path, text)?;
    }
    Ok(())
}

fn help(command: &mut Command) -> String {
    let help = command.render_long_help().to_string();
    help.trim_end().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn settings(schema: &Value) -> Outcome<String> {
    let mut text = "# Settings\n\nThe keys of a profile, or of the top of a configuration file, and the environment variables for the same settings.\n\
                    [Configuration](../guide/configuration.md) describes which place has priority.\n\n\
                    | Key | Environment | Description |\n|---|---|---|\n"
        .to_owned();
    for (prefix, table) in [("", &schema["$defs"]["profile"]), ("auth.", &schema["$defs"]["auth"])] {
        let properties = table["properties"].as_object().ok_or("the schema has no properties")?;
        for (name, property) in properties.iter().filter(|(name, _)| *name != "auth") {
            let variables = property["x-environment"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let variables: Vec<_> = variables.map(|name| format!("`{name}`")).collect();
            let about = property["description"].as_str().unwrap_or_default();
            writeln!(text, "| `{prefix}{name}` | {} | {about} |", variables.join(", "))?;
        }
    }
    Ok(text)
}

fn operations() -> Outcome<String> {
    let mut text = "# Operations\n\nEvery operation of the public API, and how often a request is sent again: `Idempotent` after any transient\n\
                    failure, `Once` one more time after a failure that leaves open whether it was done, `Never` only if the server\n\
                    cannot have received it.\n\n\
                    | Operation | Request | Since (C7: Optimize for Camunda 7) | Sent again |\n|---|---|---|---|\n"
        .to_owned();
    for operation in Operation::all() {
        let Operation { id, method, path, since, retry, .. } = operation;
        writeln!(text, "| `{id}` | `{method} {path}` | {since} | `{retry:?}` |")?;
    }
    Ok(text)
}

fn known_problems() -> Outcome<String> {
    let mut text = "# Known problems\n\nWhat commands and `optimize auth doctor` recognise. The hint of an error is its cause and its fix.\n\n\
                    | Id | Cause | Fix |\n|---|---|---|\n"
        .to_owned();
    let cell = |text: &str| text.replace('|', "\\|").replace('<', "&lt;").replace('{', "`{").replace('}', "}`");
    for hint in optimize_cli::known_hints() {
        writeln!(text, "| `{}` | {} | {} |", hint.id, cell(hint.cause), cell(hint.fix))?;
    }
    Ok(text)
}
