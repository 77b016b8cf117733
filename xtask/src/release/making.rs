//! One making of a release: what is built, laid out and packed, with nothing in it of the place and the moment.

use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use xshell::{Shell, cmd};

use super::archive::pack;
use crate::util::{Outcome, cargo_home, empty_directory, root, shell};

/// Everything that the released program can do.
pub(super) const FEATURES: &str = "bulk,keyring,otel,streams";

const SHELLS: [(&str, &str); 5] = [
    ("bash", "optimize.bash"),
    ("elvish", "optimize.elv"),
    ("fish", "optimize.fish"),
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
    /// What is packed, with the directories `completions` and `man`.
    pub(super) stage: PathBuf,
    /// Where it goes.
    pub(super) out: PathBuf,
}

impl Making {
    pub(super) fn new(version: &Version, name: &str) -> Outcome<Self> {
        let shell = shell()?;
        let target = root().join("target");
        let making = Self {
            version: version.clone(),
            time: cmd!(shell, "git log -1 --format=%ct").quiet().read()?.parse()?,
            build: target.join(format!("{name}-build")),
            stage: target.join(format!("{name}-build/stage")),
            out: target.join(format!("{name}/{version}")),
        };
        empty_directory(&making.build)?;
        empty_directory(&making.out)?;
        Ok(making)
    }

    /// The program, without any path of the machine that built it.
    pub(super) fn build(&self, target: &str, linker: Option<&str>) -> Outcome<PathBuf> {
        let Self { build, time, .. } = self;
        let shell = shell()?;
        let cargo_home = cargo_home(&shell)?;
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
        .env("AWS_LC_SYS_NO_JITTER_ENTROPY", "0")
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
    pub(super) fn stage(&self, program: &Path) -> Outcome {
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
    pub(super) fn source(&self) -> Outcome<PathBuf> {
        let Self { version, time, out, build, .. } = self;
        let (shell, name) = (shell()?, format!("optimize-{version}"));
        let (directory, tar) = (build.join("source"), build.join("source.tar"));
        fs::create_dir_all(&directory)?;
        cmd!(shell, "git archive --format tar --output {tar} HEAD").quiet().run()?;
        tar::Archive::new(fs::File::open(&tar)?).unpack(&directory)?;
        let source = out.join(format!("{name}-source.tar.gz"));
        pack(&directory, &name, *time, &source)?;
        Ok(source)
    }
}
