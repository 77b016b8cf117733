//! Exports of all formats, read by programs of others from PyPI and Debian, and an object store from crates.io.

use std::path::PathBuf;
use std::process::Command;

use xshell::cmd;

use super::packages::pip;
use super::process::{Server, bring, directory, free_port};
use super::terminal;
use crate::tools;
use crate::util::{Outcome, is_installed, shell};

/// What reads the files.
const READERS: &[&str] =
    &["duckdb==2.0.1", "openpyxl==3.1.5", "pandas==3.1.1", "pm4py==2.7.23", "polars==2.1.0", "pyarrow==26.0.1"];

const SECRET: &str = "object-store-secret";

pub(crate) fn run() -> Outcome {
    let place = directory("bulk")?;
    let mut variables = Vec::new();
    if let Some(programs) = pip(&place, "readers of files", READERS)? {
        variables.push(("OPTIMIZE_TEST_PYTHON", programs.join("python").display().to_string()));
        variables.push(("OPTIMIZE_TEST_READBACK", bring("bulk/readback.py", &place)?.display().to_string()));
    }
    if is_installed("soffice") || terminal::fetch(&["libreoffice-calc-nogui"])? {
        variables.push(("OPTIMIZE_TEST_OFFICE", "soffice".to_owned()));
    }
    if let Some(programs) = pip(&directory("singer")?, "a target of Singer", &["target-jsonl==0.1.4"])? {
        variables.push(("OPTIMIZE_TEST_SINGER", programs.join("target-jsonl").display().to_string()));
    }
    let postgres = Postgres::start()?;
    if let Some(postgres) = &postgres {
        variables.push(("OPTIMIZE_TEST_POSTGRES", postgres.port.to_string()));
    }
    let _store = match tools::S3.program()? {
        Some(program) => {
            let (root, port) = (place.join("objects"), free_port()?);
            crate::util::empty_directory(&root)?;
            let mut command = Command::new(program);
            command.args(["--access-key", "optimize", "--secret-key", SECRET, "--host", "127.0.0.1", "--port"]);
            command.arg(port.to_string()).arg(&root);
            let mut server = Server::start(&mut command, place.join("store.log"))?;
            server.wait_for_port(port, 30)?;
            variables.push(("OPTIMIZE_TEST_S3", format!("http://127.0.0.1:{port}")));
            variables.push(("OPTIMIZE_TEST_S3_ROOT", root.display().to_string()));
            variables.push(("OPTIMIZE_TEST_S3_SECRET", SECRET.to_owned()));
            Some(server)
        }
        None => None,
    };
    let shell = shell()?;
    // The parts that the everyday build leaves out.
    cmd!(shell, "cargo clippy --workspace --all-targets --locked --quiet --features optimize-cli/bulk,optimize-cli/streams -- -D warnings")
        .run()?;
    let tests = cmd!(shell, "cargo test --package optimize-bulk --locked --features arrow,kafka,nats,store,xlsx,zstd");
    tests.run()?;
    let tests = cmd!(
        shell,
        "cargo test --package optimize-cli --features integration,bulk,streams --test integration --locked -- bulk"
    );
    Ok(tests.envs(variables.iter().map(|(name, value)| (name, value))).run()?)
}

/// A database that trusts everybody who reaches its port.
struct Postgres {
    port: u16,
    _server: Server,
    /// Outside of the home directory, which its user cannot read.
    _directory: xshell::TempDir,
}

impl Postgres {
    /// `None`, said out loud, if it cannot be installed.
    fn start() -> Outcome<Option<Self>> {
        if installed_postgres().is_none() && !terminal::fetch(&["postgresql"])? {
            return Ok(None);
        }
        let programs = installed_postgres().ok_or("postgresql is installed, and its programs are not there")?;
        let shell = shell()?;
        let (directory, port) = (shell.create_temp_dir()?, free_port()?);
        let data = directory.path().join("data");
        let (place, initdb) = (directory.path(), programs.join("initdb"));
        cmd!(shell, "chown postgres {place}").run()?;
        cmd!(shell, "runuser -u postgres -- {initdb} -A trust -D {data}").ignore_stdout().run()?;
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(programs.join("postgres")).arg("-D").arg(data);
        command.args(["-c", "listen_addresses=127.0.0.1", "-p", &port.to_string(), "-k"]).arg(place).current_dir(place);
        let mut server = Server::start(&mut command, super::process::directory("bulk")?.join("postgres.log"))?;
        server.wait_for_port(port, 30)?;
        Ok(Some(Self { port, _server: server, _directory: directory }))
    }
}

/// The directory of its programs, which Debian keeps out of the path.
fn installed_postgres() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    versions.flatten().map(|version| version.path().join("bin")).find(|programs| programs.join("initdb").exists())
}
