//! Exports of all formats, read by programs of others from PyPI and Debian, and an object store from crates.io.

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
    cmd!(shell, "cargo clippy --workspace --all-targets --locked --quiet --features optimize-cli/bulk -- -D warnings")
        .run()?;
    let tests = cmd!(shell, "cargo test --package optimize-bulk --locked --features arrow,store,xlsx,zstd");
    tests.run()?;
    let tests = cmd!(
        shell,
        "cargo test --package optimize-cli --features integration,bulk --test integration --locked -- bulk"
    );
    Ok(tests.envs(variables.iter().map(|(name, value)| (name, value))).run()?)
}
