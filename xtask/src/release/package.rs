//! What people download: archives, Debian and RPM packages, a bill of materials, sums, a formula and a Dockerfile.

use std::fs;
use std::path::Path;

use xshell::cmd;

use super::archive::{pack, sha256, sums};
use super::making::Making;
use super::{current, linux, refuse_changes, templates, verify};
use crate::util::{Outcome, is_installed, shell};

/// What is built for, and which linker that takes if it is not this machine's own.
const TARGETS: [(&str, Option<&str>); 4] = [
    ("x86_64-unknown-linux-gnu", None),
    ("x86_64-unknown-linux-musl", None),
    ("aarch64-unknown-linux-gnu", Some("aarch64-linux-gnu-gcc")),
    ("aarch64-unknown-linux-musl", Some("aarch64-linux-musl-gcc")),
];

/// Makes the packages; with `twice` once more from nothing, and compares every bit.
pub(crate) fn run(url: Option<&str>, twice: bool, dry_run: bool) -> Outcome {
    let version = current()?;
    if dry_run {
        for (target, linker) in TARGETS {
            println!(
                "optimize-{version}-{target}.tar.gz{}",
                missing(target, linker)?.map_or(String::new(), |why| format!(": not here, {why}"))
            );
        }
        println!(
            "optimize-{version}-source.tar.gz, its .deb and .rpm, optimize-{version}.cdx.json, Dockerfile, SHA256SUMS"
        );
        println!(
            "{}",
            if url.is_some() { "optimize.rb" } else { "no optimize.rb: pass --url to set where it downloads from" }
        );
        return Ok(());
    }
    refuse_changes()?;
    let first = Making::new(&version, "dist")?;
    make(&first, url)?;
    verify::run(&first)?;
    if twice {
        let second = Making::new(&version, "dist-again")?;
        make(&second, url)?;
        let (one, other) = (sums(&first.out)?, sums(&second.out)?);
        if one != other {
            return Err(format!("the second run differs:\n{one}\n{other}").into());
        }
        println!("twice the same, bit for bit");
    }
    print!("{}", fs::read_to_string(first.out.join("SHA256SUMS"))?);
    println!("in {}", first.out.display());
    Ok(())
}

/// Why a target cannot be built here.
fn missing(target: &str, linker: Option<&str>) -> Outcome<Option<String>> {
    let shell = shell()?;
    let library = cmd!(shell, "rustc --print target-libdir --target {target}").quiet().read()?;
    if !Path::new(&library).exists() {
        return Ok(Some(format!("its standard library is not installed: rustup target add {target}")));
    }
    let Some(linker) = linker else { return Ok(None) };
    Ok((!is_installed(linker)).then(|| format!("{linker} is not installed")))
}

fn make(making: &Making, url: Option<&str>) -> Outcome {
    let Making { version, time, out, stage, .. } = making;
    for (target, linker) in TARGETS {
        if let Some(why) = missing(target, linker)? {
            eprintln!("!! NOT BUILT: {target}: {why}");
            continue;
        }
        let program = making.build(target, linker)?;
        making.stage(&program)?;
        let name = format!("optimize-{version}-{target}");
        pack(stage, &name, *time, &out.join(format!("{name}.tar.gz")))?;
        // These need no other C library than the one that Debian and Red Hat have.
        if target.ends_with("-gnu") {
            linux::debian(making, target)?;
            linux::rpm(making, target)?;
        }
    }
    let source = making.source()?;
    linux::bill_of_materials(making)?;
    fs::write(out.join("Dockerfile"), templates::dockerfile(version, TARGETS[0].0))?;
    match url {
        Some(url) => fs::write(out.join("optimize.rb"), templates::formula(version, url, &sha256(&source)?))?,
        None => eprintln!("!! NOT WRITTEN: the Homebrew formula: pass --url to set where it downloads from"),
    }
    fs::write(out.join("SHA256SUMS"), sums(out)?)?;
    Ok(())
}
