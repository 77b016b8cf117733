use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use optimize_auth::private_file;

use super::{built_in, usable};
use crate::app::App;
use crate::error::CliError;
use crate::output::Outcome;
use crate::plugins::Found;
use crate::text;

/// Create a new plugin from a template
#[derive(Args, Debug)]
pub(crate) struct New {
    /// The name of the plugin
    name: String,
    /// The language of the template
    #[arg(long, value_enum, default_value = "shell")]
    language: Language,
    /// The directory to create [default: optimize-NAME]
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Language {
    Shell,
    Rust,
}

impl New {
    pub(super) fn run(self, app: &App) -> Result<Outcome, CliError> {
        let name = &self.name;
        usable(name, "begin a plugin")?;
        if built_in(app).contains(name) {
            let problem = format!("begin the plugin {name}: a command has this name and would be run instead");
            return Err(CliError::config(problem).with_hint("choose another name"));
        }
        let file_name = Found::file_name(name);
        let directory = self.directory.unwrap_or_else(|| PathBuf::from(format!("optimize-{name}")));
        let filled = |text: &str| text.replace("{{name}}", name).replace("{{host}}", env!("CARGO_PKG_VERSION"));
        let shown = directory.display().to_string();
        private_file::create_new_directory(&directory)
            .map_err(|error| CliError::io(format!("make the directory {shown}"), error))?;
        let (files, next): (&[(&str, &str)], _) = match self.language {
            Language::Shell => (
                &[(&file_name, include_str!("../../../templates/plugin-shell/plugin.sh"))],
                text::command_line(["optimize", "plugin", "install", &format!("{shown}/{file_name}")]),
            ),
            // The manifest has another name here, since cargo packs no directory that looks like a package of its own.
            Language::Rust => (
                &[
                    ("Cargo.toml", include_str!("../../../templates/plugin-rust/manifest.toml")),
                    ("src/main.rs", include_str!("../../../templates/plugin-rust/src/main.rs")),
                ],
                format!(
                    "cargo build --release --manifest-path {} && optimize plugin install {}",
                    text::quoted(&format!("{shown}/Cargo.toml")),
                    text::quoted(&format!("{shown}/target/release/{file_name}"))
                ),
            ),
        };
        for (path, text) in files {
            let path = directory.join(path);
            write(&path, &filled(text)).map_err(|error| CliError::io(format!("write {}", path.display()), error))?;
        }
        app.printer.remark(&format!("made {shown}; next: {next} && optimize {name} COLLECTION-ID"));
        Ok(Outcome::Done)
    }
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    fs::write(path, text)?;
    #[cfg(unix)]
    if text.starts_with("#!") {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}
