//! One configuration file, checked key by key. No error shows a value, since it may be a secret.

use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use optimize_auth::http::without_mark;
use secrecy::zeroize::Zeroizing;
use toml_edit::{Document, Item, TableLike};

use super::nearest;
use super::schema::{Form, Key, Origin, SecretRef, Setting, SettingValue};
use crate::error::CliError;
use crate::{input, sha256, text};

/// A longer file is not a configuration file.
const LONGEST: u64 = 1 << 20;

/// What a configuration file says.
#[derive(Debug, Default)]
pub(crate) struct ConfigFile {
    pub(crate) path: PathBuf,
    pub(crate) default_profile: Option<String>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) profiles: BTreeMap<String, Vec<Setting>>,
    /// The SHA-256 of its text.
    pub(crate) sha256: String,
}

impl ConfigFile {
    pub(crate) fn read(path: &Path) -> Result<Self, CliError> {
        let failed = |source| CliError::io(format!("read the configuration file {}", path.display()), source);
        let file = std::fs::File::open(path).map_err(failed)?;
        let is_private = is_private(&file).map_err(failed)?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(64 << 10));
        file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        input::check_encoding(&bytes).map_err(failed)?;
        if bytes.len() as u64 > LONGEST {
            return Err(failed(std::io::Error::other("it is longer than 1 MiB")));
        }
        let text = std::str::from_utf8(without_mark(&bytes));
        Self::parse(path, text.map_err(|_| failed(std::io::Error::other("it is not UTF-8")))?, is_private)
    }

    /// The environment variables that any of its profiles takes a secret from.
    pub(crate) fn secret_variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        for settings in std::iter::once(&self.settings).chain(self.profiles.values()) {
            add_secret_variables(settings, &mut names);
        }
        names
    }

    /// Whether secrets may stand in the file depends on `is_private`.
    pub(crate) fn parse(path: &Path, text: &str, is_private: bool) -> Result<Self, CliError> {
        let place = Place { path, text, is_private };
        let document = Document::parse(text).map_err(|error| place.error(error.span(), error.message()))?;
        let mut file = Self { path: path.to_owned(), sha256: sha256::of_bytes(text.as_bytes()), ..Self::default() };
        for (name, item) in document.as_table() {
            match name {
                "default_profile" => file.default_profile = Some(place.text(name, item)?.to_owned()),
                "profiles" => {
                    for (profile, item) in place.table(name, item)?.iter() {
                        if profile == super::SANDBOX_PROFILE {
                            return Err(
                                place.error(item.span(), "the profile `sandbox` is built in and cannot be changed")
                            );
                        }
                        if !is_plain(profile) {
                            let problem = "the name of a profile holds something else than letters, digits, - and _";
                            return Err(place.error(item.span(), problem));
                        }
                        let settings = place.settings(place.table(profile, item)?, &[])?;
                        file.profiles.insert(profile.to_owned(), settings);
                    }
                }
                _ => {}
            }
        }
        file.settings = place.settings(document.as_table(), &["default_profile", "profiles"])?;
        Ok(file)
    }
}

struct Place<'a> {
    path: &'a Path,
    text: &'a str,
    is_private: bool,
}

impl Place<'_> {
    /// The settings in a table and in its `auth`; `elsewhere` are its keys that are not settings.
    fn settings(&self, table: &dyn TableLike, elsewhere: &[&str]) -> Result<Vec<Setting>, CliError> {
        let mut settings = Vec::new();
        for (name, item) in table.iter() {
            if name == "auth" {
                settings.extend(self.auth_settings(self.table(name, item)?)?);
            } else if !elsewhere.contains(&name) {
                settings.push(self.setting(self.key(name, table, name, elsewhere)?, item)?);
            }
        }
        Ok(settings)
    }

    fn auth_settings(&self, auth: &dyn TableLike) -> Result<Vec<Setting>, CliError> {
        let settings = auth.iter().map(|(name, item)| {
            let path = format!("auth.{name}");
            self.setting(self.key(&path, auth, name, &[])?, item)
        });
        settings.collect()
    }

    /// The setting that `name` in `table` is, or an error that points at the name.
    fn key(&self, path: &str, table: &dyn TableLike, name: &str, elsewhere: &[&str]) -> Result<Key, CliError> {
        Key::ALL.iter().copied().find(|key| key.path() == path).ok_or_else(|| {
            let known = Key::ALL.iter().map(|key| key.path()).chain(elsewhere.iter().copied());
            let span = table.get_key_value(name).and_then(|(key, _)| key.span());
            // A misplaced quotation mark makes a key of a whole line, secret and all.
            let shown =
                if is_plain(name) { format!("unknown key `{path}`") } else { "unknown key in quotes".to_owned() };
            nearest::suggest(self.error(span, &shown), path, known.chain(["auth"]))
        })
    }

    fn setting(&self, key: Key, item: &Item) -> Result<Setting, CliError> {
        let path = key.path();
        let value = match key.form() {
            Form::Text => SettingValue::Text(self.text(path, item)?.to_owned()),
            Form::Path => SettingValue::Text(self.beside(self.text(path, item)?).to_string_lossy().into_owned()),
            Form::Boolean => match item.as_bool() {
                Some(value) => SettingValue::Text(value.to_string()),
                None => return Err(self.error(item.span(), &format!("`{path}` is not true or false"))),
            },
            Form::Secret => SettingValue::Secret(self.secret(path, item)?),
            Form::List => SettingValue::List(self.list(path, item)?),
            Form::Tables => SettingValue::Tables(self.tables(path, item)?),
        };
        Ok(Setting { key, value, origin: self.origin(item.span()) })
    }

    /// A reference in a table with one entry, or the secret itself.
    fn secret(&self, path: &str, item: &Item) -> Result<SecretRef, CliError> {
        const EXPECTED: &str =
            "{ env = \"NAME\" }, { file = \"PATH\" }, { keyring = \"ENTRY\" } or { command = [\"PROGRAM\", …] }";
        if let Some(text) = item.as_str() {
            if self.is_private {
                return Ok(SecretRef::Inline(text.to_owned().into()));
            }
            let problem = format!("`{path}` is a secret, and others can read this file");
            let fix = format!(
                "write {path} = {{ env = \"NAME\" }} or {{ file = \"PATH\" }}, or run: chmod 600 {}",
                text::quoted(&self.path.to_string_lossy())
            );
            return Err(self.error(item.span(), &problem).with_hint(fix));
        }
        let reference = item.as_table_like().map(|table| table.iter().collect::<Vec<_>>());
        match reference.as_deref() {
            Some([("env", name)]) => Ok(SecretRef::Variable(self.text("env", name)?.to_owned())),
            Some([("file", file)]) => Ok(SecretRef::File(self.beside(self.text("file", file)?))),
            Some([("keyring", entry)]) => Ok(SecretRef::Keyring(self.text("keyring", entry)?.to_owned())),
            Some([("command", command)]) => Ok(SecretRef::Command(self.list("command", command)?)),
            _ => Err(self.error(item.span(), &format!("`{path}` is not {EXPECTED}"))),
        }
    }

    fn list(&self, path: &str, item: &Item) -> Result<Vec<String>, CliError> {
        let Some(array) = item.as_array() else {
            return Err(self.error(item.span(), &format!("`{path}` is not a list of texts")));
        };
        let texts = array.iter().map(|value| {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| self.error(value.span(), &format!("`{path}` holds something else than a text")))
        });
        texts.collect()
    }

    /// `[[auth.sources]]` or a list of inline tables.
    fn tables(&self, path: &str, item: &Item) -> Result<Vec<Vec<Setting>>, CliError> {
        let problem = || self.error(item.span(), &format!("`{path}` is not a list of tables"));
        let tables: Vec<&dyn TableLike> = match (item.as_array_of_tables(), item.as_array()) {
            (Some(tables), _) => tables.iter().map(|table| table as &dyn TableLike).collect(),
            (None, Some(array)) => {
                let tables = array.iter().map(|value| value.as_inline_table().map(|table| table as &dyn TableLike));
                tables.collect::<Option<_>>().ok_or_else(problem)?
            }
            (None, None) => return Err(problem()),
        };
        tables.into_iter().map(|table| self.auth_settings(table)).collect()
    }

    fn text<'i>(&self, name: &str, item: &'i Item) -> Result<&'i str, CliError> {
        match item.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(self.error(item.span(), &format!("`{name}` is empty"))),
            None => Err(self.error(item.span(), &format!("`{name}` is not a text in quotes"))),
        }
    }

    fn table<'i>(&self, name: &str, item: &'i Item) -> Result<&'i dyn TableLike, CliError> {
        item.as_table_like().ok_or_else(|| self.error(item.span(), &format!("`{name}` is not a table")))
    }

    fn beside(&self, relative: &str) -> PathBuf {
        // A path into the home directory is looked for there.
        if relative == "~" || relative.starts_with("~/") {
            return PathBuf::from(relative);
        }
        self.path.parent().unwrap_or(Path::new("")).join(relative)
    }

    fn origin(&self, span: Option<Range<usize>>) -> Origin {
        let before = &self.text[..span.map_or(0, |span| span.start).min(self.text.len())];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Origin::File {
            path: self.path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    fn error(&self, span: Option<Range<usize>>, problem: &str) -> CliError {
        CliError::config(format!("read the configuration: {}: {problem}", self.origin(span)))
    }
}

/// Whether a key can stand without quotes; the name of a profile must.
pub(crate) fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|character| character.is_alphanumeric() || "-_".contains(character))
}

fn add_secret_variables(settings: &[Setting], names: &mut Vec<String>) {
    for setting in settings {
        match &setting.value {
            SettingValue::Secret(SecretRef::Variable(name)) => names.push(name.clone()),
            SettingValue::Tables(tables) => tables.iter().for_each(|table| add_secret_variables(table, names)),
            _ => {}
        }
    }
}

#[cfg(unix)]
fn is_private(file: &std::fs::File) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS: u32 = 0o077;
    Ok(file.metadata()?.permissions().mode() & OTHERS == 0)
}

/// Elsewhere there are no mode bits to tell, so secrets stay out of configuration files.
#[cfg(not(unix))]
fn is_private(_: &std::fs::File) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
