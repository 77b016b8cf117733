//! The user's own configuration file, changed in place: remarks and all else stay as they are.

use std::path::{Path, PathBuf};

use optimize_auth::private_file;
use secrecy::{ExposeSecret, SecretString};
use toml_edit::{DocumentMut, Item, Table, TableLike, value};

use crate::draft::Draft;
use crate::env_vars::Environment;
use crate::error::Error;
use crate::file::ConfigFile;
use crate::keys::Key;
use crate::paths;
use crate::types::Form;

/// The file, as it will be once it is saved.
pub struct UserFile {
    path: PathBuf,
    document: DocumentMut,
}

impl UserFile {
    /// Reads the file, if there is one.
    pub fn open(environment: &Environment) -> Result<Self, Error> {
        let path = paths::user_file(environment).ok_or_else(|| {
            Error::config("find your configuration: there is no home directory").with_hint("set HOME")
        })?;
        // A file that is kept elsewhere and linked to from here stays linked.
        let path = path.canonicalize().unwrap_or(path);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| Error::io(format!("read {}", path.display()), error))?,
        };
        // The error of the library shows the line, which may hold a secret.
        let document = text.parse().map_err(|_| {
            Error::config(format!("change {}: it is not TOML", path.display()))
                .with_hint("optimize config validate shows where")
        })?;
        Ok(Self { path, document })
    }

    /// The profile that is used if none is named.
    pub fn default_profile(&self) -> Option<String> {
        self.document.get("default_profile")?.as_str().map(str::to_owned)
    }

    /// Names the profile that is used if none is named.
    pub fn set_default_profile(&mut self, profile: &str) {
        self.document.insert("default_profile", value(profile));
    }

    /// Adds a profile, or replaces the one of this name. It becomes the default if there is no default yet.
    pub fn put_profile(&mut self, profile: &str, draft: &Draft) -> Result<(), Error> {
        if self.default_profile().is_none() {
            self.set_default_profile(profile);
        }
        let mut table = Table::new();
        let mut auth = Table::new();
        for (path, item) in draft.items() {
            match path.strip_prefix("auth.") {
                Some(name) => auth.insert(name, item),
                None => table.insert(path, item),
            };
        }
        table.insert("auth", Item::Table(auth));
        self.profiles()?.insert(profile, Item::Table(table));
        Ok(())
    }

    /// Sets one setting, of a profile or for all of them.
    pub fn set(&mut self, profile: Option<&str>, key: Key, text: &str) -> Result<(), Error> {
        let item = match key.form() {
            Form::Boolean => match text {
                "true" | "false" => value(text == "true"),
                _ => return Err(Error::usage(format!("set {}: expected true or false", key.path()))),
            },
            Form::Text | Form::Path => value(text),
            Form::Secret => {
                return Err(Error::usage(format!("set {}: secrets do not belong on a command line", key.path()))
                    .with_hint("optimize auth login saves them in a file that only you can read"));
            }
            Form::List | Form::Tables => {
                return Err(Error::usage(format!("set {}: it is not a single value", key.path()))
                    .with_hint(format!("write it into {}", self.path.display())));
            }
        };
        let table = self.table(profile)?;
        match key.path().strip_prefix("auth.") {
            Some(name) => {
                let auth = table.entry("auth").or_insert_with(|| Item::Table(Table::new()));
                let auth = auth.as_table_like_mut().ok_or_else(|| Error::config("change `auth`: it is not a table"))?;
                auth.insert(name, item);
            }
            None => {
                table.insert(key.path(), item);
            }
        }
        Ok(())
    }

    /// Writes a secret beside the file, for its owner alone.
    pub fn write_secret(&self, name: &str, secret: &SecretString) -> Result<(), Error> {
        let directory = self.directory();
        private_file::create_directory(directory).map_err(|error| failed(directory, error))?;
        let path = directory.join(name);
        let line: SecretString = format!("{}\n", secret.expose_secret()).into();
        private_file::write(&path, line.expose_secret().as_bytes()).map_err(|error| failed(&path, error))
    }

    /// Writes the file if it can be read again. Returns its path.
    pub fn save(&self) -> Result<PathBuf, Error> {
        let text = self.document.to_string();
        ConfigFile::parse(&self.path, &text, true)?;
        let directory = self.directory();
        private_file::create_directory(directory).map_err(|error| failed(directory, error))?;
        private_file::write(&self.path, text.as_bytes()).map_err(|error| failed(&self.path, error))?;
        Ok(self.path.clone())
    }

    fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    /// The table of a profile, which must exist, or the top of the file.
    fn table(&mut self, profile: Option<&str>) -> Result<&mut dyn TableLike, Error> {
        let Some(profile) = profile else { return Ok(self.document.as_table_mut()) };
        let missing = || {
            Error::config(format!("change the profile `{profile}`: it is not in your configuration file"))
                .with_hint("optimize config profiles lists the profiles and their files")
        };
        let profiles = self.profiles()?;
        profiles.get_mut(profile).and_then(Item::as_table_like_mut).ok_or_else(missing)
    }

    fn profiles(&mut self) -> Result<&mut dyn TableLike, Error> {
        let profiles = self.document.entry("profiles").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        profiles.as_table_like_mut().ok_or_else(|| Error::config("change the configuration: `profiles` is not a table"))
    }
}

fn failed(path: &Path, error: std::io::Error) -> Error {
    Error::io(format!("write {}", path.display()), error)
}
