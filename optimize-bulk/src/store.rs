//! Object stores: `s3://`, `gs://`, `az://` and `file://`, by the crate `object_store`.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use bytes::Bytes;
use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{DynObjectStore, MultipartUpload, ObjectStore, ObjectStoreExt};
use sha2::{Digest, Sha256};
use url::Url;

use crate::error::Error;
use crate::sink::{Sink, Sum, hexadecimal};

/// A part of an upload. Stores want at least 5 MiB.
const PART: usize = 8 << 20;

/// A place in an object store, which other places lie below.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<DynObjectStore>,
    path: Path,
    url: String,
}

impl Store {
    /// Whether a target is one: a URL, not a path.
    pub fn is_url(target: &str) -> bool {
        target.split_once("://").is_some_and(|(scheme, _)| {
            !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+')
        })
    }

    /// Opens a place. Credentials and endpoints come from `variables`, by the names that the tools of each store know, such as
    /// `AWS_ACCESS_KEY_ID` and `AWS_ENDPOINT_URL`. Nothing is sent yet.
    pub fn open(url: &str, variables: impl IntoIterator<Item = (String, String)>) -> Result<Self, Error> {
        let failed = |problem: String| Error::Input(format!("open {url}: {problem}"));
        let parsed = Url::parse(url).map_err(|error| failed(error.to_string()))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err(Error::Input(
                "a URL of a store must hold no credentials: set them in the environment".to_owned(),
            ));
        }
        let (store, path) =
            object_store::parse_url_opts(&parsed, variables).map_err(|error| failed(sentence(&error)))?;
        Ok(Self { objects: store.into(), path, url: url.trim_end_matches('/').to_owned() })
    }

    /// The place below this one that has this name.
    pub fn below(&self, name: &str) -> Self {
        Self { objects: self.objects.clone(), path: self.path.clone().join(name), url: format!("{}/{name}", self.url) }
    }

    /// The place beside this one that has this name.
    pub fn beside(&self, name: &str) -> Self {
        let mut parts: Vec<_> = self.path.parts().collect();
        parts.pop();
        let path = parts.into_iter().collect::<Path>().join(name);
        let above = self.url.rsplit_once('/').map_or("", |(above, _)| above);
        Self { objects: self.objects.clone(), path, url: format!("{above}/{name}") }
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The last part of its path.
    pub fn name(&self) -> &str {
        self.path.filename().unwrap_or_default()
    }

    fn failed(&self, action: &str, error: &object_store::Error) -> Error {
        Error::Input(format!("{action} {}: {}", self.url, sentence(error)))
    }

    /// Whether there is an object.
    pub async fn exists(&self) -> Result<bool, Error> {
        match self.objects.head(&self.path).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed("look for", &error)),
        }
    }

    /// What the object holds; `None` if there is none.
    pub async fn read(&self) -> Result<Option<Bytes>, Error> {
        match self.objects.get(&self.path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(|error| self.failed("read", &error)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// Writes a small object in one request.
    pub async fn write(&self, bytes: impl Into<Bytes>) -> Result<(), Error> {
        let written = self.objects.put(&self.path, bytes.into().into()).await;
        written.map(drop).map_err(|error| self.failed("write", &error))
    }

    /// Removes the object, if there is one.
    pub async fn remove(&self) -> Result<(), Error> {
        match self.objects.delete(&self.path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed("remove", &error)),
        }
    }

    /// The names of all objects below this place, sorted.
    pub async fn list(&self) -> Result<Vec<String>, Error> {
        let listed: Vec<_> =
            self.objects.list(Some(&self.path)).try_collect().await.map_err(|error| self.failed("list", &error))?;
        let names = listed.iter().filter_map(|object| {
            let parts: Vec<_> =
                object.location.prefix_match(&self.path)?.map(|part| part.as_ref().to_owned()).collect();
            (!parts.is_empty()).then(|| parts.join("/"))
        });
        let mut names: Vec<_> = names.collect();
        names.sort();
        Ok(names)
    }

    /// The sum of what the object holds; `None` if there is none.
    pub async fn sum(&self) -> Result<Option<Sum>, Error> {
        let found = match self.objects.get(&self.path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(self.failed("read", &error)),
        };
        let mut chunks = found.into_stream();
        let (mut hasher, mut bytes) = (Sha256::new(), 0);
        while let Some(chunk) = chunks.try_next().await.map_err(|error| self.failed("read", &error))? {
            bytes += chunk.len() as u64;
            hasher.update(&chunk);
        }
        Ok(Some(Sum { bytes, sha256: hexadecimal(&hasher.finalize()) }))
    }
}

/// An error of a store in one line: they have several, one inside the other, and whole documents of servers.
fn sentence(error: &dyn std::error::Error) -> String {
    const LONGEST: usize = 300;
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// An object that is uploaded in parts, by a thread of its own, and is there only once all of them are.
#[derive(Debug)]
pub struct StoreSink {
    place: Store,
    part: Vec<u8>,
    upload: Option<Upload>,
}

#[derive(Debug)]
struct Upload {
    parts: SyncSender<Step>,
    thread: JoinHandle<io::Result<()>>,
}

enum Step {
    Part(Vec<u8>),
    Commit,
    Abort,
}

impl StoreSink {
    /// Begins an upload with the first full part.
    pub fn new(place: Store) -> Self {
        Self { place, part: Vec::new(), upload: None }
    }

    fn send(&mut self, step: Step) -> io::Result<()> {
        let upload = match &mut self.upload {
            Some(upload) => upload,
            none => none.insert(Upload::start(&self.place)?),
        };
        if upload.parts.send(step).is_ok() {
            return Ok(());
        }
        // The thread has ended, which it only does for an error.
        self.join()
    }

    fn join(&mut self) -> io::Result<()> {
        let Some(upload) = self.upload.take() else { return Ok(()) };
        drop(upload.parts);
        upload.thread.join().unwrap_or_else(|_| Err(io::Error::other("the thread that uploads has ended")))
    }

    fn give_up(&mut self) {
        if self.upload.is_some() {
            // There is an error to report already, and the place is as it was.
            let _ = self.send(Step::Abort);
            let _ = self.join();
        }
    }
}

impl Upload {
    fn start(place: &Store) -> io::Result<Self> {
        let (parts, steps) = sync_channel(1);
        let place = place.clone();
        let thread = std::thread::Builder::new().name("upload".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let failed = |error: &object_store::Error| io::Error::other(sentence(error));
            let mut upload =
                runtime.block_on(place.objects.put_multipart(&place.path)).map_err(|error| failed(&error))?;
            match uploaded(&runtime, &mut upload, &steps) {
                Ok(true) => Ok(()),
                Ok(false) => runtime.block_on(upload.abort()).map_err(|error| failed(&error)),
                Err(error) => {
                    // The store may refuse this too; the error before it says why.
                    let _ = runtime.block_on(upload.abort());
                    Err(failed(&error))
                }
            }
        })?;
        Ok(Self { parts, thread })
    }
}

/// Uploads what comes. Returns whether it was put in its place.
fn uploaded(
    runtime: &tokio::runtime::Runtime,
    upload: &mut Box<dyn MultipartUpload>,
    steps: &Receiver<Step>,
) -> Result<bool, object_store::Error> {
    loop {
        match steps.recv() {
            Ok(Step::Part(part)) => runtime.block_on(upload.put_part(part.into()))?,
            Ok(Step::Commit) => return runtime.block_on(upload.complete()).map(|_| true),
            Ok(Step::Abort) | Err(_) => return Ok(false),
        }
    }
}

impl Write for StoreSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.part.extend_from_slice(bytes);
        if self.part.len() >= PART {
            let part = std::mem::take(&mut self.part);
            self.send(Step::Part(part))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sink for StoreSink {
    fn commit(mut self: Box<Self>) -> io::Result<()> {
        // Also an empty object is one part.
        let part = std::mem::take(&mut self.part);
        self.send(Step::Part(part))?;
        self.send(Step::Commit)?;
        self.join()
    }

    fn abort(mut self: Box<Self>) {
        self.give_up();
    }
}

impl Drop for StoreSink {
    fn drop(&mut self) {
        self.give_up();
    }
}
