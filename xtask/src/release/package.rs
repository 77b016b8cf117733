//! What people download: archives, Debian and RPM packages, a bill of materials, sums, a formula and a Dockerfile.

use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use xshell::{Shell, cmd};

use super::archive::{pack, sha256, sums};
use super::{current, linux, refuse_changes, templates};
use crate::util::{Outcome, root, shell};

/// What is built for, and which linker that takes if it is not this machine's own.
const TARGETS: [(&str, Option<&str>); 4] = [
    ("x86_64-unknown-linux-gnu", None),
    ("x86_64-unknown-linux-musl", None),
    ("aarch64-unknown-linux-gnu", Some("aarch64-linux-gnu-gcc")),
    ("aarch64-unknown-linux-musl", Some("aarch64-linux-musl-gcc")),
];

/// Tokens may be kept in the system's keyring.
const FEATURES: &str = "keyring";

const SHELLS: [(&str, &str); 6] = [
    ("bash", "optimize.bash"),
    ("elvish", "optimize.elv"),
    ("fish", "optimize.fish"),
    ("nushell", "optimize.nu"),
    ("powershell", "_optimize.ps1"),
    ("zsh", "_optimize"),
];

/// What belongs to every archive.
const TEXTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// One making of a release.
pub(super) struct Making {
    pub(super) version: Version,
    /// Of the commit, in seconds since 1970: the time of everything in it.
    pub(super) time: u64,
    /// Where it is built.
    build: PathBuf,
    /// What is packed, with the folders `completions` and `man`.
    pub(super) stage: PathBuf,
    /// Where it goes.
    pub(super) out: PathBuf,
}

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
            if url.is_some() { "optimize.rb" } else { "no optimize.rb: --url says where it would download from" }
        );
        return Ok(());
    }
    refuse_changes()?;
    let first = Making::new(&version, "dist")?;
    first.make(url)?;
    if twice {
        let second = Making::new(&version, "dist-again")?;
        second.make(url)?;
        let (one, other) = (sums(&first.out)?, sums(&second.out)?);
        if one != other {
            return Err(format!("the second time something else came out:\n{one}\n{other}").into());
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
    let is_there = cmd!(shell, "which {linker}").quiet().ignore_stdout().ignore_stderr().run().is_ok();
    Ok((!is_there).then(|| format!("{linker} is not installed")))
}

impl Making {
    fn new(version: &Version, name: &str) -> Outcome<Self> {
        let shell = shell()?;
        let target = root().join("target");
        let making = Self {
            version: version.clone(),
            time: cmd!(shell, "git log -1 --format=%ct").quiet().read()?.parse()?,
            build: target.join(format!("{name}-build")),
            stage: target.join(format!("{name}-build/stage")),
            out: target.join(format!("{name}/{version}")),
        };
        for folder in [&making.build, &making.out] {
            if folder.exists() {
                fs::remove_dir_all(folder)?;
            }
        }
        fs::create_dir_all(&making.out)?;
        Ok(making)
    }

    fn make(&self, url: Option<&str>) -> Outcome {
        let Self { version, time, out, stage, .. } = self;
        for (target, linker) in TARGETS {
            if let Some(why) = missing(target, linker)? {
                eprintln!("!! NOT BUILT: {target}: {why}");
                continue;
            }
            let program = self.build(target, linker)?;
            self.stage(&program)?;
            let name = format!("optimize-{version}-{target}");
            pack(stage, &name, *time, &out.join(format!("{name}.tar.gz")))?;
            // These need no other C library than the one that Debian and Red Hat have.
            if target.ends_with("-gnu") {
                linux::debian(self, target)?;
                linux::rpm(self, target)?;
            }
        }
        let source = self.source()?;
        linux::bill_of_materials(self)?;
        fs::write(out.join("Dockerfile"), templates::dockerfile(version, TARGETS[0].0))?;
        match url {
            Some(url) => fs::write(out.join("optimize.rb"), templates::formula(version, url, &sha256(&source)?))?,
            None => eprintln!("!! NOT WRITTEN: the Homebrew formula; --url says where it would download from"),
        }
        fs::write(out.join("SHA256SUMS"), sums(out)?)?;
        Ok(())
    }

    /// The program, with nothing in it that tells where it was built.
    fn build(&self, target: &str, linker: Option<&str>) -> Outcome<PathBuf> {
        let Self { build, time, .. } = self;
        let shell = shell()?;
        let cargo_home =
            shell.var("CARGO_HOME").or_else(|_| Ok::<_, xshell::Error>(format!("{}/.cargo", shell.var("HOME")?)))?;
        let (root, build_text) = (root().display().to_string(), build.display().to_string());
        let places = [(build_text.as_str(), "/build"), (root.as_str(), "/optimize"), (cargo_home.as_str(), "/cargo")];
        let flags = |name: &str| places.map(|(from, to)| format!("{name}={from}={to}")).join(" ");
        let mut cargo = cmd!(
            shell,
            "cargo build --release --locked --package optimize-cli --features {FEATURES} --target {target} --target-dir {build}"
        )
        .env("RUSTFLAGS", flags("--remap-path-prefix"))
        .env("CFLAGS", flags("-ffile-prefix-map"))
        .env("CARGO_INCREMENTAL", "0")
        .env("SOURCE_DATE_EPOCH", time.to_string());
        if let Some(linker) = linker {
            let variable = format!("CARGO_TARGET_{}_LINKER", target.to_ascii_uppercase().replace('-', "_"));
            cargo = cargo.env(variable, linker);
        }
        cargo.run()?;
        Ok(build.join(target).join("release/optimize"))
    }

    /// Lays out what is packed. Completions and manual pages are made by the program itself, or by one that was built
    /// before it if this machine cannot run it.
    fn stage(&self, program: &Path) -> Outcome {
        let Self { stage, .. } = self;
        let shell = Shell::new()?;
        fs::create_dir_all(stage.join("completions"))?;
        fs::create_dir_all(stage.join("man"))?;
        fs::copy(program, stage.join("optimize"))?;
        for name in TEXTS {
            fs::copy(root().join(name), stage.join(name))?;
        }
        let runs = cmd!(shell, "{program} --version").quiet().ignore_stdout().ignore_stderr().run().is_ok();
        if !runs {
            return Ok(());
        }
        for (name, file) in SHELLS {
            fs::write(
                stage.join("completions").join(file),
                cmd!(shell, "{program} completion {name}").quiet().read()? + "\n",
            )?;
        }
        let pages = stage.join("man");
        Ok(cmd!(shell, "{program} man --dir {pages}").quiet().run()?)
    }

    /// Everything that is under version control.
    fn source(&self) -> Outcome<PathBuf> {
        let Self { version, time, out, build, .. } = self;
        let (shell, name) = (shell()?, format!("optimize-{version}"));
        let (folder, tar) = (build.join("source"), build.join("source.tar"));
        fs::create_dir_all(&folder)?;
        cmd!(shell, "git archive --format tar --output {tar} HEAD").quiet().run()?;
        tar::Archive::new(fs::File::open(&tar)?).unpack(&folder)?;
        let source = out.join(format!("{name}-source.tar.gz"));
        pack(&folder, &name, *time, &source)?;
        Ok(source)
    }
}
