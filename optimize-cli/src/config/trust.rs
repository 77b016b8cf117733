//! Which settings may come from which file.
//!
//! A program that is started with the user's rights must be the user's own choice. A file that is only named for one run
//! may have come with a project, so it cannot name one.

use std::path::Path;

use super::schema::{Key, Origin, Setting, SettingValue};
use crate::error::CliError;

/// Fails if the settings of a file that is not the user's own name a program to start.
pub(crate) fn check_foreign(settings: &[Setting], own_file: Option<&Path>) -> Result<(), CliError> {
    for setting in settings {
        if let SettingValue::Tables(tables) = &setting.value {
            tables.iter().try_for_each(|table| check_foreign(table, own_file))?;
        }
        if setting.key != Key::Command || is_own(&setting.origin, own_file) {
            continue;
        }
        let own = own_file.map_or_else(|| "your own configuration file".to_owned(), |file| file.display().to_string());
        let problem =
            format!("use {} ({}): this file may not name a program to start", Key::Command.path(), setting.origin);
        return Err(CliError::config(problem).with_hint(format!("write it into {own}, which nobody else provides")));
    }
    Ok(())
}

fn is_own(origin: &Origin, own_file: Option<&Path>) -> bool {
    let Origin::File { path, .. } = origin else { return true };
    let same = |file: &Path| Some(file.canonicalize().ok()? == path.canonicalize().ok()?);
    own_file.and_then(same).unwrap_or(false)
}
