//! Where a file of an export goes: a directory, or an object store.

use std::io;
use std::path::{Path, PathBuf};

use optimize_bulk::{Error, FileSink, Finding, Manifest, Sink, resolved, verify_file};
#[cfg(feature = "bulk")]
use optimize_bulk::{Store, StoreSink};

use crate::app::App;
use crate::error::CliError;

/// A file, or a directory of files.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    Local(PathBuf),
    #[cfg(feature = "bulk")]
    Store(Store),
}

#[cfg_attr(not(feature = "bulk"), expect(clippy::unused_async, reason = "object stores are asked over the network"))]
impl Place {
    /// The place of this path or URL.
    pub(crate) fn at(target: &Path, app: &App) -> Result<Self, CliError> {
        let is_url = target.to_str().filter(|text| text.contains("://"));
        #[cfg(feature = "bulk")]
        if let Some(url) = is_url.filter(|url| Store::is_url(url)) {
            let store = Store::open(url, app.environment.for_stores());
            return Ok(Self::Store(store.map_err(|error| CliError::usage(error.to_string()).stating())?));
        }
        #[cfg(not(feature = "bulk"))]
        if let (Some(url), _) = (is_url, app) {
            return Err(CliError::usage(format!(
                "this build cannot write to {url}: the released program can, and a build with the feature bulk"
            ))
            .stating());
        }
        let _ = is_url;
        Ok(Self::Local(target.to_owned()))
    }

    /// The same, unless it is a device or a FIFO.
    pub(crate) fn of_file(target: &Path, app: &App) -> Result<Option<Self>, CliError> {
        let place = Self::at(target, app)?;
        let is_special = match &place {
            Self::Local(path) => {
                resolved(path).map_err(|error| CliError::io(format!("write {}", path.display()), error))?.1
            }
            #[cfg(feature = "bulk")]
            Self::Store(_) => false,
        };
        Ok((!is_special).then_some(place))
    }

    /// The place below this one; `name` may have parts with slashes between them.
    pub(crate) fn below(&self, name: &str) -> Self {
        match self {
            Self::Local(path) => Self::Local(path.join(name)),
            #[cfg(feature = "bulk")]
            Self::Store(store) => Self::Store(name.split('/').fold(store.clone(), |store, part| store.below(part))),
        }
    }

    /// What messages call it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Local(path) => path.display().to_string(),
            #[cfg(feature = "bulk")]
            Self::Store(store) => store.url().to_owned(),
        }
    }

    /// The name of the file.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Local(path) => path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            #[cfg(feature = "bulk")]
            Self::Store(store) => store.name().to_owned(),
        }
    }

    /// Makes a directory, where places are directories.
    pub(crate) fn create(&self) -> Result<(), CliError> {
        match self {
            Self::Local(path) => std::fs::create_dir_all(path)
                .map_err(|error| CliError::io(format!("create the directory {}", path.display()), error)),
            #[cfg(feature = "bulk")]
            Self::Store(_) => Ok(()),
        }
    }

    pub(crate) async fn exists(&self) -> Result<bool, CliError> {
        match self {
            Self::Local(path) => Ok(path.symlink_metadata().is_ok()),
            #[cfg(feature = "bulk")]
            Self::Store(store) => store.exists().await.map_err(|error| CliError::config(error.to_string()).stating()),
        }
    }

    pub(crate) fn open(&self, may_replace: bool) -> io::Result<Box<dyn Sink>> {
        match self {
            Self::Local(path) => {
                let (path, _) = resolved(path)?;
                Ok(Box::new(FileSink::open(path, may_replace)?))
            }
            #[cfg(feature = "bulk")]
            Self::Store(store) => Ok(Box::new(StoreSink::new(store.clone()))),
        }
    }

    /// Whether the file is what its manifest says, and the manifest.
    pub(crate) async fn verify(&self) -> Result<(Finding, Option<Manifest>), Error> {
        match self {
            Self::Local(path) => verify_file(path),
            #[cfg(feature = "bulk")]
            Self::Store(store) => {
                let Some(manifest) = self.manifest().await? else { return Ok((Finding::NoManifest, None)) };
                let finding = match store.sum().await? {
                    Some(sum) => Finding::of(&manifest, &self.name(), &sum),
                    None => Finding::Missing,
                };
                Ok((finding, Some(manifest)))
            }
        }
    }

    /// The names of all files below, sorted, with slashes between their parts.
    pub(crate) async fn list(&self) -> Result<Vec<String>, CliError> {
        match self {
            Self::Local(path) => {
                let mut names = Vec::new();
                collect(path, "", &mut names)
                    .map_err(|error| CliError::io(format!("read {}", path.display()), error))?;
                names.sort();
                Ok(names)
            }
            #[cfg(feature = "bulk")]
            Self::Store(store) => store.list().await.map_err(|error| CliError::config(error.to_string()).stating()),
        }
    }

    /// What a small file holds; `None` if there is none.
    pub(crate) async fn read(&self) -> Result<Option<Vec<u8>>, Error> {
        match self {
            Self::Local(path) => match std::fs::read(path) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(Error::Input(format!("read {}: {error}", path.display()))),
            },
            #[cfg(feature = "bulk")]
            Self::Store(store) => Ok(store.read().await?.map(|bytes| bytes.to_vec())),
        }
    }

    /// Writes a small file, whole.
    pub(crate) async fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        match self {
            Self::Local(path) => {
                let (path, _) = resolved(path).map_err(Error::Write)?;
                let mut sink = FileSink::open(path, true)?;
                io::Write::write_all(&mut sink, bytes)?;
                Ok(Box::new(sink).commit()?)
            }
            #[cfg(feature = "bulk")]
            Self::Store(store) => store.write(bytes.to_vec()).await,
        }
    }

    fn manifest_place(&self) -> Self {
        match self {
            Self::Local(path) => Self::Local(Manifest::path(path)),
            #[cfg(feature = "bulk")]
            Self::Store(store) => {
                let name = Manifest::path(Path::new(store.name()));
                Self::Store(store.beside(&name.to_string_lossy()))
            }
        }
    }

    pub(crate) async fn manifest(&self) -> Result<Option<Manifest>, Error> {
        let place = self.manifest_place();
        let text = place.read().await?;
        text.map(|text| Manifest::parse(&text, &place.shown())).transpose()
    }

    pub(crate) async fn write_manifest(&self, manifest: &Manifest) -> Result<(), Error> {
        self.manifest_place().write(manifest.to_text().as_bytes()).await
    }

    pub(crate) async fn remove_manifest(&self) -> Result<(), Error> {
        match self.manifest_place() {
            Self::Local(path) => match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::Write(error)),
                _ => Ok(()),
            },
            #[cfg(feature = "bulk")]
            Self::Store(store) => store.remove().await,
        }
    }
}

fn collect(directory: &Path, before: &str, names: &mut Vec<String>) -> io::Result<()> {
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        let name = format!("{before}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}
