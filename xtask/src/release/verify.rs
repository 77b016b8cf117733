//! Uses the packages as a user would.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use xshell::{Shell, cmd};

use super::making::Making;
use crate::util::{Outcome, empty_directory, is_installed, root};

/// Unpacks the archive and the Debian package of this machine, and runs the program of each.
pub(super) fn run(making: &Making) -> Outcome {
    let Making { version, out, .. } = making;
    let place = root().join("target/dist-unpacked");
    empty_directory(&place)?;
    let shell = Shell::new()?;
    shell.change_dir(out);
    cmd!(shell, "sha256sum --check --quiet SHA256SUMS").quiet().run()?;
    let name = &format!("optimize-{version}-x86_64-unknown-linux-gnu");
    cmd!(shell, "tar --extract --gzip --file {name}.tar.gz --directory {place}").quiet().run()?;
    works(&place.join(name).join("optimize"))?;
    for (directory, file) in [("completions", "_optimize"), ("man", "optimize-report-data.1"), ("", "LICENSE-MIT")] {
        let file = place.join(name).join(directory).join(file);
        if fs::metadata(&file)?.len() < 500 {
            return Err(format!("{} is too short", file.display()).into());
        }
    }
    let bill = fs::read_to_string(out.join(format!("optimize-{version}.cdx.json")))?;
    if !bill.contains("\"reqwest\"") || bill.contains(&root().display().to_string()) {
        return Err("the bill of materials lacks reqwest, or shows where it was made".into());
    }
    let debian = &format!("optimize_{version}-1_amd64.deb");
    if !out.join(debian).exists() || !is_installed("dpkg-deb") {
        eprintln!("!! NOT RUN: there is no Debian package, or no dpkg-deb to unpack it");
        return Ok(());
    }
    let unpacked = place.join("deb");
    cmd!(shell, "dpkg-deb --extract {debian} {unpacked}").quiet().run()?;
    works(&unpacked.join("usr/bin/optimize"))
}

/// Checks that a program prints the data of a report without any configuration.
fn works(program: &Path) -> Outcome {
    let mut command = Command::new(program);
    command.args(["--sandbox", "report", "data", "orders-by-step"]).env_clear().stdin(Stdio::null());
    let output = command.output()?;
    let is_fine = output.status.success() && String::from_utf8_lossy(&output.stdout).contains("receiveOrder");
    if is_fine { Ok(()) } else { Err(format!("{} does not work: {output:?}", program.display()).into()) }
}
