//! A server in a process group of its own, stopped when dropped.

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::util::Outcome;

pub(super) struct Server {
    process: Child,
    log: PathBuf,
}

impl Server {
    /// Starts `command` with its output in `log`.
    pub(super) fn start(command: &mut Command, log: PathBuf) -> Outcome<Self> {
        let output = File::create(&log)?;
        let process = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // A group of its own, since a script may leave the server to a child.
            .process_group(0)
            .spawn()?;
        Ok(Self { process, log })
    }

    /// Waits until something listens at `port`, for so many seconds.
    pub(super) fn wait_for_port(&mut self, port: u16, patience: u32) -> Outcome {
        self.wait_until(patience, || TcpStream::connect(("127.0.0.1", port)).is_ok())
    }

    /// Waits until `path` at `port` is returned 200, for so many seconds.
    pub(super) fn wait(&mut self, port: u16, path: &str, patience: u32) -> Outcome {
        self.wait_until(patience, || is_up(port, path))
    }

    fn wait_until(&mut self, patience: u32, is_up: impl Fn() -> bool) -> Outcome {
        for _ in 0..patience {
            if is_up() {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the server ended with {status}; see {}", self.log.display()).into());
            }
            sleep(Duration::from_secs(1));
        }
        Err(format!("the server is not up after {patience} s; see {}", self.log.display()).into())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // If it cannot be stopped there is nothing left to do about it here.
        let _ = Command::new("kill").args(["-TERM", "--", &format!("-{}", self.process.id())]).status();
        let _ = self.process.wait();
    }
}

pub(super) fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn is_up(port: u16, path: &str) -> bool {
    let ask = || {
        let mut connection = TcpStream::connect(("127.0.0.1", port))?;
        connection.set_read_timeout(Some(Duration::from_secs(10)))?;
        write!(connection, "GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n")?;
        let mut response = [0; 12];
        connection.read_exact(&mut response)?;
        std::io::Result::Ok(response.ends_with(b"200"))
    };
    ask().unwrap_or(false)
}

/// A directory below `target/integration`.
pub(super) fn directory(name: &str) -> Outcome<PathBuf> {
    let directory = crate::util::root().join("target/integration").join(name);
    std::fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Copies a file of `xtask/integration` into a directory.
pub(super) fn bring(name: &str, directory: &Path) -> Outcome<PathBuf> {
    let source = crate::util::root().join("xtask/integration").join(name);
    let target = directory.join(source.file_name().unwrap_or_default());
    std::fs::copy(source, &target)?;
    Ok(target)
}
