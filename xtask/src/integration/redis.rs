//! Redis from Debian's packages, unpacked and not installed, for the token store of an example.

use std::path::{Path, PathBuf};
use std::process::Command;

use xshell::cmd;

use super::process::{Server, directory, free_port};
use crate::fetch::fetch;
use crate::util::{Outcome, shell};

/// The server, which is a link to a program of the tools, and the libraries that Debian's base system lacks.
const PACKAGES: [&str; 4] = ["redis-server", "redis-tools", "liblzf1", "libjemalloc2"];

pub(super) struct Redis {
    pub(super) url: String,
    _server: Server,
}

impl Redis {
    /// `None` if it cannot be fetched: without Debian's tools, or for want of a network.
    pub(super) fn start() -> Outcome<Option<Self>> {
        let place = directory("redis")?;
        let Some(files) = unpacked(&place)? else { return Ok(None) };
        let port = free_port()?;
        let mut command = Command::new(files.join("usr/bin/redis-server"));
        command.env("LD_LIBRARY_PATH", files.join("usr/lib").join(format!("{}-linux-gnu", std::env::consts::ARCH)));
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]).current_dir(&place);
        let mut server = Server::start(&mut command, place.join("server.log"))?;
        server.wait_for_port(port, 30)?;
        let url = format!("redis://127.0.0.1:{port}");
        eprintln!("== Redis is up: {url}");
        Ok(Some(Self { url, _server: server }))
    }
}

fn unpacked(place: &Path) -> Outcome<Option<PathBuf>> {
    let files = place.join("files");
    if files.join("usr/bin/redis-server").exists() {
        return Ok(Some(files));
    }
    let shell = shell()?;
    if !Path::new("/usr/bin/apt-get").exists() {
        eprintln!("!! Redis is not tested: this is no Debian");
        return Ok(None);
    }
    // Without the rights to it the lists that are there must do.
    let _ = cmd!(shell, "apt-get update -qq").quiet().ignore_stderr().run();
    let _inside = shell.push_dir(place);
    if !fetch(cmd!(shell, "apt-get download -qq {PACKAGES...}"), "Redis", "Debian's packages")? {
        return Ok(None);
    }
    for entry in std::fs::read_dir(place)? {
        let package = entry?.path();
        if package.extension().is_some_and(|ending| ending == "deb") {
            cmd!(shell, "dpkg-deb -x {package} {files}").quiet().run()?;
        }
    }
    Ok(Some(files))
}
