//! Keycloak as the authorization server: an ordinary Maven artifact, started with the realm in `xtask/lab/keycloak`.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use xshell::cmd;

use crate::util::{Outcome, root, shell};

const VERSION: &str = "26.7.3";
const REALM_PATH: &str = "/auth/realms/camunda-platform";

/// How many seconds Keycloak may take to start. It takes about 20 on two cores.
const PATIENCE: u32 = 180;

/// What Maven says when the registry cannot be reached, rather than that something is wrong here.
const UNREACHABLE: [&str; 6] = [
    "Unknown host",
    "Temporary failure in name resolution",
    "Connection refused",
    "Connect timed out",
    "Network is unreachable",
    "Connection reset",
];

pub(crate) fn run() -> Outcome {
    let folder = root().join("target/lab/keycloak");
    fs::create_dir_all(&folder)?;
    let Some(home) = fetch(&folder)? else {
        eprintln!("!! LAB NOT RUN: the Maven registry cannot be reached, so there is no Keycloak to test against");
        return Ok(());
    };
    let server = Keycloak::start(&home, &folder.join("keycloak.log"))?;
    let issuer = server.issuer();
    eprintln!("== Keycloak {VERSION} is up: {issuer}");
    let shell = shell()?;
    // The whole workspace, as in CI: for one package alone cargo would build most dependencies again.
    let tests = cmd!(shell, "cargo test --workspace --features optimize-cli/lab --test lab --locked");
    Ok(tests.env("OPTIMIZE_LAB_KEYCLOAK", issuer).run()?)
}

/// The folder of an unpacked Keycloak; `None` if it cannot be fetched for want of a network.
fn fetch(folder: &Path) -> Outcome<Option<PathBuf>> {
    let home = folder.join(format!("keycloak-{VERSION}"));
    if home.join("bin/kc.sh").exists() {
        return Ok(Some(home));
    }
    let shell = shell()?;
    let artifact = format!("org.keycloak:keycloak-quarkus-dist:{VERSION}:zip");
    let plugin = "org.apache.maven.plugins:maven-dependency-plugin:2.8:get";
    let archive = folder.join("keycloak.zip");
    let fetched = cmd!(shell, "mvn --batch-mode {plugin} -Dartifact={artifact} -Dtransitive=false -Ddest={archive}");
    let fetched = fetched.quiet().ignore_status().output()?;
    if !fetched.status.success() {
        let told = [fetched.stdout, fetched.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        if UNREACHABLE.iter().any(|reason| told.contains(reason)) {
            return Ok(None);
        }
        return Err(format!("Keycloak could not be fetched:\n{told}").into());
    }
    cmd!(shell, "unzip -q -o {archive} -d {folder}").run()?;
    fs::remove_file(archive)?;
    Ok(Some(home))
}

/// A running Keycloak, stopped when dropped.
struct Keycloak {
    process: Child,
    port: u16,
}

impl Keycloak {
    fn start(home: &Path, log: &Path) -> Outcome<Self> {
        let import = home.join("data/import");
        // The database of an earlier run would keep Keycloak from importing the realm.
        if home.join("data").exists() {
            fs::remove_dir_all(home.join("data"))?;
        }
        fs::create_dir_all(&import)?;
        fs::copy(root().join("xtask/lab/keycloak/realm.json"), import.join("camunda-platform-realm.json"))?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let output = File::create(log)?;
        let process = Command::new(home.join("bin/kc.sh"))
            .args(["start-dev", "--import-realm", "--http-host=127.0.0.1", "--http-relative-path=/auth"])
            .arg(format!("--http-port={port}"))
            .env("JAVA_HOME", java_home()?)
            .env("JAVA_OPTS_KC_HEAP", "-Xms128m -Xmx512m")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // A group of its own, since the script leaves the server to a child.
            .process_group(0)
            .spawn()?;
        let mut server = Self { process, port };
        for _ in 0..PATIENCE {
            if server.is_up() {
                return Ok(server);
            }
            if let Some(status) = server.process.try_wait()? {
                return Err(format!("Keycloak ended with {status}; see {}", log.display()).into());
            }
            sleep(Duration::from_secs(1));
        }
        Err(format!("Keycloak is not up after {PATIENCE} s; see {}", log.display()).into())
    }

    fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}{REALM_PATH}", self.port)
    }

    fn is_up(&self) -> bool {
        let ask = || {
            let mut connection = TcpStream::connect(("127.0.0.1", self.port))?;
            connection.set_read_timeout(Some(Duration::from_secs(10)))?;
            let path = format!("{REALM_PATH}/.well-known/openid-configuration");
            write!(connection, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port)?;
            let mut answer = [0; 12];
            connection.read_exact(&mut answer)?;
            std::io::Result::Ok(answer.ends_with(b"200"))
        };
        ask().unwrap_or(false)
    }
}

impl Drop for Keycloak {
    fn drop(&mut self) {
        // If it cannot be stopped there is nothing left to do about it here.
        let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", self.process.id())]).status();
        let _ = self.process.wait();
    }
}

/// `JAVA_HOME`, or the newest JDK of 21 or above where Debian puts them.
#[expect(clippy::disallowed_methods, reason = "a task takes its settings from the environment it runs in")]
fn java_home() -> Outcome<PathBuf> {
    if let Some(home) = std::env::var_os("JAVA_HOME").filter(|home| !home.is_empty()) {
        return Ok(home.into());
    }
    let installed = fs::read_dir("/usr/lib/jvm").into_iter().flatten().flatten().map(|entry| entry.path());
    let with_version = installed.filter(|home| home.join("bin/java").exists()).filter_map(|home| {
        let name = home.file_name()?.to_str()?.to_owned();
        let version =
            name.split(|character: char| !character.is_ascii_digit()).find_map(|part| part.parse::<u32>().ok())?;
        (version >= 21).then_some((version, home))
    });
    let newest = with_version.max().map(|(_, home)| home);
    newest.ok_or_else(|| "Keycloak needs a JDK of 21 or newer: install one or set JAVA_HOME".into())
}
