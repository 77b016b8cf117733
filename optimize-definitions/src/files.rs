//! The files of a collection.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::entity::{Entity, Key};
use crate::error::Error;
use crate::kind::Kind;

/// The longest file that is read.
const LONGEST: u64 = 64 << 20;

/// The wanted data sources of a collection.
pub(crate) const SCOPE: &str = "scope.json";

/// The definitions of a collection, by their files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files {
    /// The definitions.
    pub(crate) entities: BTreeMap<Key, Entity>,
    /// The files whose text is not canonical.
    pub(crate) untidy: Vec<PathBuf>,
}

impl Files {
    /// Reads all files below the directory of a collection. One that does not exist holds none.
    pub(crate) fn read(directory: &Path) -> Result<Self, Error> {
        let (files, unreadable) = Self::scan(directory);
        unreadable.into_iter().next().map_or(Ok(files), Err)
    }

    /// The same, with what is wrong with those that cannot be read.
    pub(crate) fn scan(directory: &Path) -> (Self, Vec<Error>) {
        let (mut all, mut unreadable) = (Self::default(), Vec::new());
        for kind in Kind::ALL {
            match of_kind(directory, kind) {
                Ok(paths) => {
                    for path in paths {
                        unreadable.extend(all.add(kind, &path).err());
                    }
                }
                Err(error) => unreadable.push(error),
            }
        }
        (all, unreadable)
    }

    fn add(&mut self, kind: Kind, path: &Path) -> Result<(), Error> {
        let text = read(path)?;
        let entity = Entity::parse(&text).map_err(|error| error.at(path.display()))?;
        if entity.kind() != kind {
            let (found, place) = (entity.kind(), entity.kind().directory());
            return Err(Error::input(format!("{}: it holds a {found}, and belongs into {place}", path.display())));
        }
        if entity.to_text() != text {
            self.untidy.push(path.to_owned());
        }
        if let Some(slug) = slug_of(path) {
            self.entities.insert(Key { kind, slug }, entity);
        }
        Ok(())
    }
}

/// The files of a kind, in order.
pub(crate) fn of_kind(directory: &Path, kind: Kind) -> Result<Vec<PathBuf>, Error> {
    let directory = directory.join(kind.directory());
    let failed = |error| Error::io(format!("read {}", directory.display()), error);
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        paths.extend(slug_of(&path).is_some().then_some(path));
    }
    paths.sort();
    Ok(paths)
}

/// The name of a file of a definition, without its ending. Other files are none of ours.
fn slug_of(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let slug = name.strip_suffix(".json")?;
    (!slug.is_empty() && !slug.starts_with('.')).then(|| slug.to_owned())
}

/// The path of the file of a definition.
pub(crate) fn path(directory: &Path, key: &Key) -> PathBuf {
    directory.join(key.kind.directory()).join(format!("{}.json", key.slug))
}

/// The text of a file.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let failed = |error| Error::io(format!("read {}", path.display()), error);
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > LONGEST {
        return Err(failed(io::Error::other(format!("it is longer than {} MiB", LONGEST >> 20))));
    }
    let text = fs::read_to_string(path).map_err(failed)?;
    // What editors on Windows put first, and their ends of lines.
    Ok(text.strip_prefix('\u{feff}').unwrap_or(&text).replace("\r\n", "\n"))
}

/// Writes a file in one step, with its directory. One that has this text already is left alone.
pub(crate) fn write(path: &Path, text: &str) -> Result<bool, Error> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    let failed = |error: io::Error| Error::io(format!("write {}", path.display()), error);
    let directory = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(directory).map_err(failed)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".optimize-").suffix(".part");
    for_everyone(&mut builder);
    let mut temporary = builder.tempfile_in(directory).map_err(failed)?;
    temporary.write_all(text.as_bytes()).and_then(|()| temporary.as_file().sync_all()).map_err(failed)?;
    temporary.persist(path).map_err(|error| failed(error.error))?;
    Ok(true)
}

/// Removes a file, if it is there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io(format!("remove {}", path.display()), error))
        }
        _ => Ok(()),
    }
}

/// As far as the user's mask allows, as other programs write files.
#[cfg(unix)]
fn for_everyone(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn for_everyone(_: &mut tempfile::Builder<'_, '_>) {}
