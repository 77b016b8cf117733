//! One configuration file, checked key by key. No error shows a value, since it may be a secret.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Read;
use std::ops::Range;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Value};
use optimize_auth::http::without_mark;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use toml_edit::{Document, Item, TableLike};

use crate::error::Error;
use crate::keys::Key;
use crate::layers::Layers;
use crate::setting::{Origin, SecretRef, Setting};
use crate::suggest::suggest;
use crate::types::Form;
use crate::{input, sha256, shell};

/// A longer file is not a configuration file.
const LONGEST: u64 = 1 << 20;

/// The content of a configuration file.
#[derive(Debug, Default)]
pub struct ConfigFile {
    /// Where it is.
    pub path: PathBuf,
    pub(crate) default_profile: Option<String>,
    pub(crate) settings: Vec<Setting>,
    pub(crate) profiles: BTreeMap<String, Vec<Setting>>,
    /// The SHA-256 of its text.
    pub sha256: String,
    /// The secrets that stand in it. A reference holds their number.
    secrets: Vec<SecretString>,
}

impl ConfigFile {
    /// Reads the file, and checks each key and the form of each value.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::io(format!("read the configuration file {}", path.display()), source);
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

    /// The names of its profiles.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// The environment variables that any of its profiles takes a secret from.
    pub(crate) fn secret_variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        for settings in std::iter::once(&self.settings).chain(self.profiles.values()) {
            add_secret_variables(settings, &mut names);
        }
        names
    }

    /// Moves the secrets that stand in the file to the layers, and renumbers the references to them.
    pub(crate) fn keep_secrets(&mut self, layers: &mut Layers) {
        let numbers: Vec<_> = self.secrets.drain(..).map(|secret| layers.keep(secret)).collect();
        let all = self.settings.iter_mut().chain(self.profiles.values_mut().flatten());
        all.for_each(|setting| renumber(&mut setting.value, &numbers));
    }

    /// Whether secrets may stand in the file depends on `is_private`.
    pub fn parse(path: &Path, text: &str, is_private: bool) -> Result<Self, Error> {
        let place = Place { path, text, is_private, secrets: RefCell::default() };
        let document = Document::parse(text).map_err(|error| place.error(error.span(), error.message()))?;
        let mut file = Self { path: path.to_owned(), sha256: sha256::of_bytes(text.as_bytes()), ..Self::default() };
        for (name, item) in document.as_table() {
            match name {
                "default_profile" => file.default_profile = Some(place.text(name, item)?.to_owned()),
                "profiles" => {
                    for (profile, item) in place.table(name, item)?.iter() {
                        if profile == crate::settings::SANDBOX_PROFILE {
                            return Err(
                                place.error(item.span(), "the profile `sandbox` is built in and cannot be changed")
                            );
                        }
                        if !is_plain(profile) {
                            let problem = "profile names may contain only letters, digits, `-` and `_`";
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
        file.secrets = place.secrets.into_inner();
        Ok(file)
    }
}

struct Place<'a> {
    path: &'a Path,
    text: &'a str,
    is_private: bool,
    secrets: RefCell<Vec<SecretString>>,
}

impl Place<'_> {
    /// The settings in a table and in its `auth`; `elsewhere` are its keys that are not settings.
    fn settings(&self, table: &dyn TableLike, elsewhere: &[&str]) -> Result<Vec<Setting>, Error> {
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

    fn auth_settings(&self, auth: &dyn TableLike) -> Result<Vec<Setting>, Error> {
        let settings = auth.iter().map(|(name, item)| {
            let path = format!("auth.{name}");
            self.setting(self.key(&path, auth, name, &[])?, item)
        });
        settings.collect()
    }

    /// The setting that `name` in `table` is, or an error that points at the name.
    fn key(&self, path: &str, table: &dyn TableLike, name: &str, elsewhere: &[&str]) -> Result<Key, Error> {
        Key::ALL.iter().copied().find(|key| key.path() == path).ok_or_else(|| {
            let known = Key::ALL.iter().map(|key| key.path()).chain(elsewhere.iter().copied());
            let span = table.get_key_value(name).and_then(|(key, _)| key.span());
            // A misplaced quotation mark makes a key of a whole line, secret and all.
            let shown =
                if is_plain(name) { format!("unknown key `{path}`") } else { "unknown key in quotes".to_owned() };
            suggest(self.error(span, &shown), path, known.chain(["auth"]))
        })
    }

    fn setting(&self, key: Key, item: &Item) -> Result<Setting, Error> {
        let path = key.path();
        let value = match key.form() {
            Form::Text => Value::from(self.text(path, item)?),
            Form::Path => Value::from(self.beside(self.text(path, item)?).to_string_lossy().into_owned()),
            Form::Boolean => match item.as_bool() {
                Some(value) => Value::from(value),
                None => return Err(self.error(item.span(), &format!("`{path}` must be true or false"))),
            },
            Form::Secret => self.secret(path, item)?.value(),
            Form::List => Value::from(self.list(path, item)?),
            Form::Tables => Value::from(self.tables(path, item)?),
        };
        Ok(Setting { key, value, origin: self.origin(item.span()) })
    }

    /// A reference in a table with one entry, or the secret itself.
    fn secret(&self, path: &str, item: &Item) -> Result<SecretRef, Error> {
        if let Some(text) = item.as_str() {
            if self.is_private {
                let mut secrets = self.secrets.borrow_mut();
                secrets.push(text.to_owned().into());
                return Ok(SecretRef::Inline(secrets.len() - 1));
            }
            let problem = format!("`{path}` is a secret, and others can read this file");
            let fix = format!(
                "write {path} = {{ env = \"NAME\" }} or {{ file = \"PATH\" }}, or run: chmod 600 {}",
                shell::quoted(&self.path.to_string_lossy())
            );
            return Err(self.error(item.span(), &problem).with_hint(fix));
        }
        let reference = item.as_table_like().map(|table| table.iter().collect::<Vec<_>>());
        match reference.as_deref() {
            Some([("env", name)]) => Ok(SecretRef::Variable(self.text("env", name)?.to_owned())),
            Some([("file", file)]) => Ok(SecretRef::File(self.beside(self.text("file", file)?))),
            Some([("keyring", entry)]) => Ok(SecretRef::Keyring(self.text("keyring", entry)?.to_owned())),
            Some([("command", command)]) => Ok(SecretRef::Command(self.list("command", command)?)),
            _ => Err(self.error(item.span(), &format!("`{path}` must be {}", SecretRef::FORMS))),
        }
    }

    fn list(&self, path: &str, item: &Item) -> Result<Vec<String>, Error> {
        let Some(array) = item.as_array() else {
            return Err(self.error(item.span(), &format!("`{path}` must be a list of strings")));
        };
        let texts = array.iter().map(|value| {
            let text = value.as_str().map(str::to_owned);
            text.ok_or_else(|| self.error(value.span(), &format!("each entry of `{path}` must be a string")))
        });
        texts.collect()
    }

    /// `[[auth.sources]]` or a list of inline tables.
    fn tables(&self, path: &str, item: &Item) -> Result<Vec<Dict>, Error> {
        let problem = || self.error(item.span(), &format!("`{path}` must be a list of tables"));
        let tables: Vec<&dyn TableLike> = match (item.as_array_of_tables(), item.as_array()) {
            (Some(tables), _) => tables.iter().map(|table| table as &dyn TableLike).collect(),
            (None, Some(array)) => {
                let tables = array.iter().map(|value| value.as_inline_table().map(|table| table as &dyn TableLike));
                tables.collect::<Option<_>>().ok_or_else(problem)?
            }
            (None, None) => return Err(problem()),
        };
        let members = tables.into_iter().map(|table| {
            let settings = self.auth_settings(table)?.into_iter();
            Ok(settings.map(|setting| (setting.key.name().to_owned(), setting.value)).collect())
        });
        members.collect()
    }

    fn text<'i>(&self, name: &str, item: &'i Item) -> Result<&'i str, Error> {
        match item.as_str() {
            Some(text) if !text.trim().is_empty() => Ok(text),
            Some(_) => Err(self.error(item.span(), &format!("`{name}` is empty"))),
            None => Err(self.error(item.span(), &format!("`{name}` must be a string"))),
        }
    }

    fn table<'i>(&self, name: &str, item: &'i Item) -> Result<&'i dyn TableLike, Error> {
        item.as_table_like().ok_or_else(|| self.error(item.span(), &format!("`{name}` must be a table")))
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

    fn error(&self, span: Option<Range<usize>>, problem: &str) -> Error {
        Error::config(format!("read the configuration: {}: {problem}", self.origin(span)))
    }
}

/// Whether a key can stand without quotes; the name of a profile must.
pub fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|character| character.is_alphanumeric() || "-_".contains(character))
}

fn add_secret_variables(settings: &[Setting], names: &mut Vec<String>) {
    for setting in settings {
        if let Some(SecretRef::Variable(name)) = setting.secret() {
            names.push(name);
        }
        setting.members().iter().for_each(|member| add_secret_variables(member, names));
    }
}

/// Gives each reference to a secret that stands in the file its number among all such secrets.
fn renumber(value: &mut Value, numbers: &[usize]) {
    match value {
        Value::Array(_, items) => items.iter_mut().for_each(|item| renumber(item, numbers)),
        Value::Dict(_, members) => {
            for (name, member) in members {
                match member.to_u128().and_then(|number| usize::try_from(number).ok()).and_then(|n| numbers.get(n)) {
                    Some(number) if name == "inline" => *member = Value::from(*number),
                    _ => renumber(member, numbers),
                }
            }
        }
        _ => {}
    }
}

#[cfg(unix)]
fn is_private(file: &std::fs::File) -> std::io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    const OTHERS: u32 = 0o077;
    Ok(file.metadata()?.permissions().mode() & OTHERS == 0)
}

/// Elsewhere there are no mode bits, so secrets stay out of configuration files.
#[cfg(not(unix))]
fn is_private(_: &std::fs::File) -> std::io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
