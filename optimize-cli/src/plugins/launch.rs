//! Handing over to a plugin: everything it needs to know, and no secret.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use super::Found;
use crate::app::App;
use crate::env_vars::{
    BASE_URL, CONFIG, Environment, OUTPUT, PLUGIN_API, PLUGIN_CLI, PLUGIN_COLOR, PLUGIN_DRY_RUN, PLUGIN_NAME,
    PLUGIN_VERBOSE, PLUGIN_YES, PROFILE,
};
use crate::error::CliError;
use crate::format::Format;

/// The version of the handover.
const API: &str = "1";

/// Runs the plugin with these arguments. On Unix this process becomes the plugin.
pub(crate) fn launch(app: &App, plugin: &Found, arguments: &[OsString]) -> Result<std::process::ExitCode, CliError> {
    let mut command = Command::new(&plugin.path);
    command.args(arguments).env_clear().envs(app.environment.without_secrets());
    let cli = std::env::current_exe().map_err(|error| CliError::io("find the path of this program", error))?;
    let flags = &app.flags;
    let format = Format::of_settings(&app.settings).unwrap_or(Format::Auto).to_string();
    command.env(PLUGIN_API, API).env(PLUGIN_NAME, &plugin.name).env(PLUGIN_CLI, cli);
    command.env(OUTPUT[0], format).env(PLUGIN_COLOR, flags.color.to_string());
    command.env(PLUGIN_VERBOSE, flags.verbose.to_string()).env(PLUGIN_YES, digit(flags.yes));
    // There is no such flag yet; plugins need not know that.
    command.env(PLUGIN_DRY_RUN, digit(false));
    if app.settings.sandbox {
        command.env(PROFILE, crate::config::SANDBOX_PROFILE);
    } else {
        if let Some(profile) = &app.settings.profile {
            command.env(PROFILE, profile);
        }
        if let Ok(url) = app.settings.base_url() {
            command.env(BASE_URL[0], url.to_string());
        }
    }
    if let Some(file) = named_file(app, &app.environment)? {
        command.env(CONFIG, file);
    }
    run(command, &plugin.path)
}

fn digit(yes: bool) -> &'static str {
    if yes { "1" } else { "0" }
}

/// The file that was named for this run. The plugin may work elsewhere, so its path is absolute.
fn named_file(app: &App, environment: &Environment) -> Result<Option<std::path::PathBuf>, CliError> {
    let named = app.flags.config.clone().or(environment.setting(CONFIG)?.map(Into::into));
    let absolute = |path: std::path::PathBuf| {
        std::path::absolute(&path).map_err(|error| CliError::io(format!("find {}", path.display()), error))
    };
    named.map(absolute).transpose()
}

#[cfg(unix)]
fn run(mut command: Command, path: &Path) -> Result<std::process::ExitCode, CliError> {
    use std::os::unix::process::CommandExt as _;
    crate::descriptors::keep_from_children();
    Err(CliError::io(format!("run {}", path.display()), command.exec()))
}

#[cfg(not(unix))]
fn run(mut command: Command, path: &Path) -> Result<std::process::ExitCode, CliError> {
    let status = command.status().map_err(|error| CliError::io(format!("run {}", path.display()), error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
    Ok(code.into())
}
