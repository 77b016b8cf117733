//! Programs that are commands of this one: `optimize-NAME` is run by `optimize NAME`.

mod discovery;
mod launch;
mod managed;
mod manifest;

pub(crate) use discovery::{Found, Place, find, find_all, is_name};
pub(crate) use launch::launch;
pub(crate) use managed::Managed;
pub(crate) use manifest::Manifests;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};

/// The SHA-256 of a file, in hexadecimal digits.
pub(crate) fn digest(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut context = Context::new(&SHA256);
    let mut chunk = vec![0; 1 << 16];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            count => context.update(&chunk[..count]),
        }
    }
    Ok(context.finish().as_ref().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
}
