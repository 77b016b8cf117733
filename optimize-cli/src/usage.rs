//! Help, version, and errors of the command line itself.

use std::ffi::OsString;
use std::io::{self, Write};

use clap::error::ErrorKind;
use serde_json::json;

use crate::env_vars::Environment;
use crate::exit_code::Exit;
use crate::output::print_line;
use crate::{plugins, text};

/// Help and version are output; everything else is an error, printed in the requested format.
pub(crate) fn report(error: &clap::Error, arguments: &[OsString], environment: &Environment) -> Exit {
    let is_output = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !is_output && wants_json(arguments) {
        let text = error.to_string();
        let message = text.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let hint = text.lines().find_map(|line| line.trim().strip_prefix("tip: "));
        let object = json!({ "error": {
            "kind": "usage", "message": message, "status": null, "operation": null, "serverCode": null, "hint": hint, "causes": [],
        }});
        eprintln!("{object}");
        return Exit::Usage;
    }
    if let Err(failed) = print_usage(error, arguments)
        && is_output
        && failed.kind() != io::ErrorKind::BrokenPipe
    {
        eprintln!("error: failed to write to standard output: {failed}");
        return Exit::Configuration;
    }
    if error.kind() == ErrorKind::DisplayHelp
        && arguments.iter().skip(1).all(|word| word.as_encoded_bytes().starts_with(b"-"))
    {
        print_plugins(environment);
    }
    if is_output { Exit::Done } else { Exit::Usage }
}

/// Prints help, or an error that repeats words of the command line: those may hold escape sequences, and then nothing is
/// styled, so that none in the text is ours.
fn print_usage(error: &clap::Error, arguments: &[OsString]) -> io::Result<()> {
    let is_plain = |word: &OsString| !word.to_string_lossy().contains(optimize_auth::is_hidden);
    if arguments.iter().all(is_plain) {
        return error.print();
    }
    io::stderr().write_all(text::visible_json(&error.render().to_string()).as_bytes())
}

/// The plugins, below the help of the program itself.
fn print_plugins(environment: &Environment) {
    let plugins = plugins::find_all(environment).into_iter().filter(|plugin| plugin.problem.is_none());
    let names: Vec<_> = plugins.map(|plugin| plugin.name).collect();
    if !names.is_empty() {
        // As above.
        let _ = print_line(&format!("\nPlugins: {}", names.join(", ")));
    }
}

fn wants_json(arguments: &[OsString]) -> bool {
    let words: Vec<_> = arguments.iter().map(|word| word.to_string_lossy().to_ascii_lowercase()).collect();
    words.iter().any(|word| matches!(word.as_str(), "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair[0].as_str(), "-o" | "--output") && pair[1] == "json")
}
