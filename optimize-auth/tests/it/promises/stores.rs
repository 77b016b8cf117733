//! Tokens at rest are private, complete and shared between processes.

use std::path::Path;
use std::time::{Duration, SystemTime};

use optimize_auth::{
    Cached, Credentials, FetchContext, FileStore, StoreKey, StoreLock, Token, TokenSource, TokenStore,
};
use optimize_sandbox::{Canary, Sandbox};
use tempfile::TempDir;

use crate::support::clock::TestClock;
use crate::support::{client, sandbox};

fn stored(sandbox: &Sandbox, directory: &Path) -> Credentials {
    Cached::new(client(sandbox)).with_store(FileStore::new(directory)).into()
}

fn key() -> StoreKey {
    StoreKey::builder("test").build()
}

/// The token in a store; what cannot be read counts as none, as for a cache.
async fn read(store: &dyn TokenStore, key: &StoreKey) -> Option<Token> {
    store.read(key).await.ok().flatten()
}

/// The lock, if it is free.
async fn locked(store: &dyn TokenStore, key: &StoreKey) -> Option<Box<dyn StoreLock>> {
    tokio::time::timeout(Duration::from_millis(200), store.lock(key)).await.ok()?.unwrap()
}

/// A token as a cache would hand it to a store.
async fn token(secret: &str) -> Token {
    #[derive(Debug)]
    struct Once(String);
    #[async_trait::async_trait]
    impl TokenSource for Once {
        async fn fetch(&self, _: &FetchContext) -> Result<Token, optimize_auth::AuthError> {
            Ok(Token::bearer(self.0.clone().into())?.with_lifetime(Duration::from_secs(300)).with_scope("a b"))
        }
    }
    Credentials::new(Once(secret.to_owned())).token().await.unwrap()
}

fn records(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect()
}

#[cfg(feature = "test-util")]
#[tokio::test]
async fn the_stores_of_this_crate_pass_the_checks_for_stores() {
    let (directory, memory) = (TempDir::new().unwrap(), optimize_auth::MemoryStore::default());
    tokio::join!(
        optimize_auth::testing::stores::check(|| FileStore::new(directory.path())),
        optimize_auth::testing::stores::check(|| memory.clone()),
    );
}

#[tokio::test]
async fn what_one_process_has_fetched_the_next_one_reads() {
    let (sandbox, directory) = (sandbox().await, TempDir::new().unwrap());
    let first = stored(&sandbox, directory.path()).token().await.unwrap();
    let second = stored(&sandbox, directory.path()).token().await.unwrap();
    assert_eq!(sandbox.token_requests(), 1);
    assert_eq!(first.header_text(), second.header_text());
    assert_eq!((second.scope(), second.lifetime()), (first.scope(), first.lifetime()));
    let off = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
    assert_eq!(off(first.expires_at().unwrap()), off(second.expires_at().unwrap()));
}

trait HeaderText {
    fn header_text(&self) -> String;
}

impl HeaderText for Token {
    fn header_text(&self) -> String {
        self.as_header().unwrap().1.to_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_rejected_or_forgotten_token_is_not_read_again() {
    let (sandbox, directory) = (sandbox().await, TempDir::new().unwrap());
    let credentials = stored(&sandbox, directory.path());
    let rejected = credentials.headers().await.unwrap().stamp();
    credentials.reject(rejected, None);
    credentials.headers().await.unwrap();
    assert_eq!(sandbox.token_requests(), 2);
    credentials.forget();
    credentials.headers().await.unwrap();
    assert_eq!(sandbox.token_requests(), 3);
    // Another process has meanwhile fetched a new one: it serves after a rejection of the old one.
    let other = stored(&sandbox, directory.path());
    let old = other.headers().await.unwrap().stamp();
    credentials.forget();
    credentials.headers().await.unwrap();
    other.reject(old, None);
    other.headers().await.unwrap();
    assert_eq!(sandbox.token_requests(), 4);
}

#[tokio::test]
async fn an_old_token_is_replaced_and_a_lock_that_is_held_is_waited_for() {
    let (sandbox, directory, clock) = (sandbox().await, TempDir::new().unwrap(), TestClock::new());
    let stored = || -> Credentials {
        Cached::new(client(&sandbox)).with_clock(clock.clone()).with_store(FileStore::new(directory.path())).into()
    };
    stored().token().await.unwrap();
    clock.advance(Duration::from_secs(299));
    stored().token().await.unwrap();
    assert_eq!(sandbox.token_requests(), 2);
    let store = FileStore::new(directory.path());
    let lock = locked(&store, &key()).await.expect("nobody holds it");
    assert!(locked(&store, &key()).await.is_none());
    drop(lock);
    assert!(locked(&store, &key()).await.is_some());
}

#[tokio::test]
async fn only_the_token_is_at_rest_under_a_name_that_reveals_nothing() {
    let (secret, directory) = (Canary::new(), TempDir::new().unwrap());
    let sandbox = Sandbox::builder().client_secret(secret.secret()).start().await.unwrap();
    stored(&sandbox, directory.path()).token().await.unwrap();
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let (stem, ending) = name.split_once('.').unwrap();
        assert!(stem.len() == 64 && stem.chars().all(|digit| digit.is_ascii_hexdigit()), "{name}");
        assert!(ending == "json" || ending == "lock", "{name}");
        assert_eq!(secret.find(&std::fs::read(&path).unwrap()), None);
    }
    assert_eq!(FileStore::new(directory.path()).clear().unwrap(), 1);
    assert!(records(directory.path()).is_empty());
}

#[tokio::test]
async fn a_client_id_cannot_lead_out_of_the_directory() {
    let directory = TempDir::new().unwrap();
    for id in ["../../x", "/etc/passwd", "a/b", "..", "\u{0}", "a\nb"] {
        let url = optimize_auth::ServiceUrl::parse("http://127.0.0.1:1").unwrap();
        let proof = optimize_auth::ClientAuth::Post("s".to_owned().into());
        let key = optimize_auth::ClientCredentials::new(url, id, proof).store_key().unwrap();
        let store = FileStore::new(directory.path().join("inner"));
        let _ = store.write(&key, &token("t").await).await;
        assert!(read(&store, &key).await.is_some());
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    assert_eq!(records(&directory.path().join("inner")).len(), 6);
}

#[tokio::test]
async fn what_is_for_this_process_alone_is_not_stored() {
    let directory = TempDir::new().unwrap();
    let source = optimize_auth::StaticBearer::new("static".to_owned().into()).unwrap();
    let credentials: Credentials = Cached::new(source).with_store(FileStore::new(directory.path())).into();
    credentials.token().await.unwrap();
    assert!(records(directory.path()).is_empty());
}

#[cfg(feature = "keyring")]
#[tokio::test]
async fn a_keyring_serves_several_processes_and_keeps_files_without_tokens() {
    let (sandbox, directory) = (sandbox().await, TempDir::new().unwrap());
    let service = format!("optimize-test-{}", fastrand::u64(..));
    let stored = || -> Credentials {
        let store = optimize_auth::KeyringStore::new(&service, directory.path());
        Cached::new(client(&sandbox)).with_store(store).into()
    };
    // Some containers have no keyring; a token is had there all the same.
    let probe = || keyring::Entry::new(&service, "probe").and_then(|entry| entry.set_password("x")).is_ok();
    // The first attempt of a process may fail for want of a session.
    let has_keyring = probe() || probe();
    let expected = if has_keyring { 1 } else { 2 };
    for _ in 0..2 {
        stored().token().await.unwrap();
    }
    assert_eq!(sandbox.token_requests(), expected);
    assert_eq!(stored().cached_token().await.is_some(), has_keyring);
    for entry in std::fs::read_dir(directory.path()).unwrap() {
        assert_eq!(entry.unwrap().metadata().unwrap().len(), 8, "a lock holds the number that its holder counts up");
    }
    stored().log_out().await.unwrap();
    assert!(stored().cached_token().await.is_none());
}

/// A way to spoil the file of a token, given its path and a good record.
type Spoil = fn(&Path, &str);

#[tokio::test]
async fn a_bad_cache_is_a_miss() {
    fn rewrite(path: &Path, change: impl FnOnce(&mut serde_json::Value), good: &str) {
        let mut record: serde_json::Value = serde_json::from_str(good).unwrap();
        change(&mut record);
        std::fs::write(path, record.to_string()).unwrap();
    }
    let spoils: [(&str, Spoil); 12] = [
        ("empty", |path, _| std::fs::write(path, "").unwrap()),
        ("truncated", |path, good| std::fs::write(path, &good[..good.len() / 2]).unwrap()),
        ("binary", |path, _| std::fs::write(path, [0, 159, 146, 150]).unwrap()),
        ("nested", |path, _| std::fs::write(path, "[".repeat(60_000)).unwrap()),
        ("1 GiB", |path, _| std::fs::File::create(path).unwrap().set_len(1 << 30).unwrap()),
        ("a directory", |path, _| {
            std::fs::remove_file(path).unwrap();
            std::fs::create_dir(path).unwrap();
        }),
        ("from the future", |path, good| {
            rewrite(path, |record| record["requested_at"] = 99_999_999_999_999_u64.into(), good);
        }),
        ("of a newer version", |path, good| rewrite(path, |record| record["v"] = 2.into(), good)),
        ("with an odd lifetime", |path, good| rewrite(path, |record| record["lifetime"] = (-1).into(), good)),
        ("with a lifetime of another type", |path, good| rewrite(path, |record| record["lifetime"] = "x".into(), good)),
        ("with a token that cannot be sent", |path, good| {
            rewrite(path, |record| record["secret"] = "a\nb".into(), good);
        }),
        ("with a header that frames requests", |path, good| {
            rewrite(path, |record| record["header"] = "host".into(), good);
        }),
    ];
    for (what, spoil) in spoils {
        let (sandbox, directory) = (sandbox().await, TempDir::new().unwrap());
        stored(&sandbox, directory.path()).token().await.unwrap();
        let path = records(directory.path()).remove(0);
        let good = std::fs::read_to_string(&path).unwrap();
        spoil(&path, &good);
        stored(&sandbox, directory.path()).token().await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(sandbox.token_requests(), 2, "{what}");
    }
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_done_without() {
    let (sandbox, directory) = (sandbox().await, TempDir::new().unwrap());
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    for directory in [file.clone(), file.join("below"), "/proc/none/tokens".into(), "/dev/null".into()] {
        stored(&sandbox, &directory).token().await.unwrap();
    }
    assert_eq!(sandbox.token_requests(), 4);
    assert_eq!(std::fs::read(&file).unwrap(), b"");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::process::{Command, Stdio};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).unwrap().mode() & 0o777
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn files_are_private_from_the_first_byte_on_under_any_mask() {
        let directory = TempDir::new().unwrap();
        let tokens = directory.path().join("a/b/tokens");
        let (place, is_done) = (tokens.clone(), Arc::new(AtomicBool::new(false)));
        let done = is_done.clone();
        let watcher = std::thread::spawn(move || {
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                for entry in std::fs::read_dir(&place).into_iter().flatten().flatten() {
                    // A temporary file may be gone by now.
                    let Ok(metadata) = entry.metadata() else { continue };
                    assert_eq!(metadata.mode() & 0o077, 0, "{}", entry.path().display());
                    seen += 1;
                }
            }
            seen
        });
        let old = rustix::process::umask(rustix::fs::Mode::empty());
        let store = FileStore::new(&tokens);
        for round in 0..300 {
            let _ = store.write(&key(), &token(&format!("token-{round}")).await).await;
            assert!(locked(&store, &key()).await.is_some());
        }
        rustix::process::umask(old);
        is_done.store(true, Ordering::Relaxed);
        assert!(watcher.join().unwrap() > 0);
        assert_eq!(mode(&tokens), 0o700);
        assert_eq!(mode(&records(&tokens)[0]), 0o600);
    }

    #[tokio::test]
    async fn nothing_that_was_planted_is_followed() {
        let place = TempDir::new().unwrap();
        let victim = place.path().join("victim");
        for plant in ["symlink", "hard link", "fifo", "directory"] {
            let directory = TempDir::new_in(place.path()).unwrap();
            let store = FileStore::new(directory.path());
            let _ = store.write(&key(), &token("mine").await).await;
            let path = records(directory.path()).remove(0);
            let planted = std::fs::read(&path).unwrap();
            std::fs::write(&victim, &planted).unwrap();
            std::fs::remove_file(&path).unwrap();
            match plant {
                "symlink" => symlink(&victim, &path).unwrap(),
                "hard link" => std::fs::hard_link(&victim, &path).unwrap(),
                "fifo" => {
                    assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
                }
                _ => std::fs::create_dir(&path).unwrap(),
            }
            assert!(read(&store, &key()).await.is_none(), "{plant}");
            let _ = store.write(&key(), &token("new").await).await;
            assert_eq!(std::fs::read(&victim).unwrap(), planted, "{plant}: what it points at is untouched");
            if plant != "directory" {
                assert!(read(&store, &key()).await.is_some(), "{plant} was replaced");
            }
        }
        // The lock file, and the directory itself.
        let directory = TempDir::new_in(place.path()).unwrap();
        symlink(&victim, directory.path().join(format!("{}.lock", key().as_str()))).unwrap();
        assert!(FileStore::new(directory.path()).lock(&key()).await.is_err());
        let link = directory.path().join("link");
        symlink(directory.path(), &link).unwrap();
        let store = FileStore::new(&link);
        let _ = store.write(&key(), &token("t").await).await;
        assert!(records(directory.path()).is_empty());
    }

    #[tokio::test]
    async fn loose_modes_are_tightened() {
        let directory = TempDir::new().unwrap();
        let store = FileStore::new(directory.path());
        let _ = store.write(&key(), &token("t").await).await;
        let path = records(directory.path()).remove(0);
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&store, &key()).await.is_none(), "others could write to the directory");
        let _ = store.write(&key(), &token("t").await).await;
        assert_eq!((mode(directory.path()), mode(&path)), (0o700, 0o600));
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(read(&store, &key()).await.is_some(), "others could only read it");
        assert_eq!(mode(&path), 0o600);
    }

    #[tokio::test]
    async fn a_token_that_others_could_write_counts_as_none() {
        let directory = TempDir::new().unwrap();
        let store = FileStore::new(directory.path());
        for file_mode in [0o666, 0o620, 0o602] {
            let _ = store.write(&key(), &token("t").await).await;
            let path = records(directory.path()).remove(0);
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(file_mode)).unwrap();
            assert!(read(&store, &key()).await.is_none(), "{file_mode:o}");
        }
        // Who can write to the directory can give a token of one server the name of that of another one.
        let _ = store.write(&key(), &token("t").await).await;
        std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(locked(&store, &key()).await.is_some());
        assert_eq!(mode(directory.path()), 0o700);
        assert!(read(&store, &key()).await.is_none(), "what lay there does not become good");
    }

    /// The example writes and reads a store until it is killed.
    fn writer(directory: &Path) -> Command {
        let test = std::env::current_exe().unwrap();
        let mut command = Command::new(test.parent().unwrap().parent().unwrap().join("examples/store_writer"));
        command.arg(directory).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    #[tokio::test]
    async fn a_thousand_killed_writers_leave_every_read_whole_and_no_lock_behind() {
        let directory = TempDir::new().unwrap();
        let store = FileStore::new(directory.path());
        let key = StoreKey::builder("store-writer").build();
        let mut random = fastrand::Rng::with_seed(11);
        let mut found = 0;
        for _ in 0..1000 {
            let mut process = writer(directory.path()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(random.u64(500..6000)));
            process.kill().unwrap();
            process.wait().unwrap();
            if let Ok(bytes) = std::fs::read(directory.path().join(format!("{}.json", key.as_str()))) {
                let record: serde_json::Value = serde_json::from_slice(&bytes).expect("a whole record");
                assert!(record["secret"].as_str().unwrap().starts_with("token-"));
                assert!(read(&store, &key).await.is_some());
                found += 1;
            }
            assert!(locked(&store, &key).await.is_some(), "the lock went with its holder");
        }
        assert!(found > 100, "{found} records were seen");
        let _ = store.write(&key, &token("t").await).await;
        let leftovers = std::fs::read_dir(directory.path()).unwrap().count();
        assert_eq!(leftovers, 2, "the next writer removes what killed ones have left");
    }
}
