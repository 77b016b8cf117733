//! Which settings may come from which file.
//!
//! A program that is started with the user's rights must be the user's own choice, and so must be where a secret of the
//! user's goes. A file that is only named for one run may have come with a project.

use std::path::Path;

use super::layers::Layers;
use super::schema::{Key, Origin, SecretRef, Setting, SettingValue};
use crate::error::CliError;

/// Where secrets go: the token endpoint, or what leads to it.
const DESTINATIONS: [Key; 3] = [Key::TokenUrl, Key::Issuer, Key::RealmUrl];

/// What goes there.
const SECRETS: [Key; 3] = [Key::ClientSecret, Key::PrivateKey, Key::AssertionFile];

/// Fails if the settings of a file that is not the user's own name a program to start, unless the user has trusted that
/// very command.
pub(crate) fn check_programs(
    settings: &[Setting],
    own_file: Option<&Path>,
    is_trusted: &impl Fn(&[String]) -> bool,
) -> Result<(), CliError> {
    for setting in settings {
        let command = match &setting.value {
            SettingValue::Tables(tables) => {
                tables.iter().try_for_each(|table| check_programs(table, own_file, is_trusted))?;
                continue;
            }
            SettingValue::List(command) if setting.key == Key::Command => command,
            SettingValue::Secret(SecretRef::Command(command)) => command,
            _ => continue,
        };
        if is_own(&setting.origin, own_file) || is_trusted(command) {
            continue;
        }
        let own = own_file.map_or_else(|| "your own configuration file".to_owned(), |file| file.display().to_string());
        let problem =
            format!("use {} ({}): this file may not name a program to start", setting.key.path(), setting.origin);
        let words = command.join(" ");
        return Err(CliError::config(problem)
            .with_hint(format!("write it into {own}, or trust it: optimize plugin trust -- {words}")));
    }
    Ok(())
}

/// Fails if a file that is not the user's own says where a secret goes that comes from elsewhere.
pub(crate) fn check_destinations(layers: &Layers, own_file: Option<&Path>, foreign: &Path) -> Result<(), CliError> {
    let comes_from_it = |setting: &Setting| {
        matches!(&setting.origin, Origin::File { path, .. } if path == foreign) && !is_own(&setting.origin, own_file)
    };
    let Some(destination) = DESTINATIONS.iter().filter_map(|key| layers.said(*key)).find(|said| comes_from_it(said))
    else {
        return Ok(());
    };
    let Some(secret) = SECRETS.iter().filter_map(|key| layers.said(*key)).find(|said| !comes_from_it(said)) else {
        return Ok(());
    };
    let key = destination.key;
    let problem = format!(
        "use {} ({}): this file may not say where a secret goes that it does not come with ({}: {})",
        key.path(),
        destination.origin,
        secret.key.path(),
        secret.origin
    );
    let variable = key.variables().first().copied().unwrap_or_default();
    Err(CliError::config(problem)
        .with_hint(format!("set {variable} if you trust it, or write the secret's place into the file")))
}

fn is_own(origin: &Origin, own_file: Option<&Path>) -> bool {
    let Origin::File { path, .. } = origin else { return true };
    let same = |file: &Path| Some(file.canonicalize().ok()? == path.canonicalize().ok()?);
    own_file.and_then(same).unwrap_or(false)
}
