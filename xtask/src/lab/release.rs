//! Releases of a throwaway copy of the repository: planned, prepared, checked, packed and unpacked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use xshell::{Cmd, Shell, cmd};

use super::process::folder;
use crate::util::{Outcome, root, shell};

/// A copy of the repository, which shares the build folder, since nothing else would differ there.
struct Copy {
    folder: PathBuf,
    shell: Shell,
}

pub(crate) fn run() -> Outcome {
    let copy = Copy::make()?;
    copy.expect("plan", &[], "after nothing")?;
    copy.refuses_changes()?;
    copy.expect("prepare", &["--dry-run"], "nothing was written")?;
    copy.expect("prepare", &[], "committed")?;
    copy.expect("check", &[], "can be released")?;
    let url = "https://downloads.example.com";
    copy.expect("package", &["--twice", "--url", url], "twice the same, bit for bit")?;
    copy.look_into_packages(url)?;
    copy.git(&["tag", "--annotate", "--message", "first", "v0.1.0"])?;
    copy.refuse("plan", &[], "nothing to release")?;
    copy.change("### Fixed\n- a defect\n")?;
    copy.expect("plan", &[], "version  0.1.1, after v0.1.0")?;
    copy.change("### Changed\n- **Breaking**: a name\n")?;
    copy.expect("plan", &[], "version  0.2.0, after v0.1.0")?;
    copy.refuse("prepare", &["--version", "0.1.1"], "promises too much")?;
    copy.expect("prepare", &["--version", "0.3.0"], "0.3.0: Cargo.toml")?;
    copy.breaks_unsaid()
}

impl Copy {
    fn make() -> Outcome<Self> {
        let folder = folder("release")?.join("repository");
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let (from, shell) = (root(), shell()?);
        cmd!(shell, "git clone --quiet --no-hardlinks {from} {folder}").quiet().run()?;
        // Whatever is being worked on.
        let changes = cmd!(shell, "git diff HEAD --binary").quiet().output()?.stdout;
        shell.change_dir(&folder);
        std::os::unix::fs::symlink(root().join("target"), folder.join("target"))?;
        let copy = Self { folder, shell };
        copy.git(&["config", "user.name", "Somebody"])?;
        copy.git(&["config", "user.email", "somebody@example.com"])?;
        for tag in cmd!(copy.shell, "git tag").quiet().read()?.lines() {
            copy.git(&["tag", "--delete", tag])?;
        }
        if !changes.is_empty() {
            cmd!(copy.shell, "git apply --index").stdin(changes).quiet().run()?;
            copy.git(&["commit", "--quiet", "--message", "What is being worked on"])?;
        }
        Ok(copy)
    }

    fn git(&self, arguments: &[&str]) -> Outcome {
        Ok(cmd!(self.shell, "git").args(arguments).quiet().ignore_stdout().run()?)
    }

    /// A task of `cargo xtask release`, which works on this copy.
    fn release(&self, task: &str, arguments: &[&str]) -> Outcome<Cmd<'_>> {
        let xtask = std::env::current_exe()?;
        let own = self.folder.join("xtask");
        Ok(cmd!(self.shell, "{xtask} release {task}").args(arguments).env("CARGO_MANIFEST_DIR", own))
    }

    /// The task succeeds and says `text`.
    fn expect(&self, task: &str, arguments: &[&str], text: &str) -> Outcome {
        let said = self.release(task, arguments)?.read()?;
        if said.contains(text) { Ok(()) } else { Err(format!("release {task} does not say {text:?}:\n{said}").into()) }
    }

    /// The task fails and says `text`.
    fn refuse(&self, task: &str, arguments: &[&str], text: &str) -> Outcome {
        let ended = self.release(task, arguments)?.ignore_status().output()?;
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        let is_refused = !ended.status.success() && said.contains(text);
        if is_refused { Ok(()) } else { Err(format!("release {task} is not refused with {text:?}:\n{said}").into()) }
    }

    fn refuses_changes(&self) -> Outcome {
        let file = self.folder.join("stray");
        fs::write(&file, "")?;
        for task in ["prepare", "check", "package"] {
            self.refuse(task, &[], "the working tree has changes")?;
        }
        Ok(fs::remove_file(file)?)
    }

    /// Commits an entry of the changelog.
    fn change(&self, entry: &str) -> Outcome {
        let file = self.folder.join("CHANGELOG.md");
        let text = fs::read_to_string(&file)?.replacen("## Unreleased\n", &format!("## Unreleased\n\n{entry}"), 1);
        fs::write(file, text)?;
        self.git(&["commit", "--quiet", "--all", "--message", "A change"])
    }

    /// An item of the public API that is gone is told of, or it fails.
    fn breaks_unsaid(&self) -> Outcome {
        self.git(&["tag", "--annotate", "--message", "second", "v0.3.0"])?;
        let file = self.folder.join("docs/dev/api/optimize-api.txt");
        let text = fs::read_to_string(&file)?;
        fs::write(&file, text.replacen("pub mod optimize_api\n", "", 1))?;
        self.change("### Fixed\n- nothing at all\n")?;
        self.expect("plan", &[], "version  0.4.0, after v0.3.0")
    }

    /// What a user does with what was made.
    fn look_into_packages(&self, url: &str) -> Outcome {
        let made = self.folder.join("target/dist/0.1.0");
        let place = folder("release")?.join("unpacked");
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        let shell = Shell::new()?;
        shell.change_dir(&made);
        cmd!(shell, "sha256sum --check --quiet SHA256SUMS").quiet().run()?;
        let name = "optimize-0.1.0-x86_64-unknown-linux-gnu";
        cmd!(shell, "tar --extract --gzip --file {name}.tar.gz --directory {place}").quiet().run()?;
        works(&place.join(name).join("optimize"))?;
        for (folder, file) in [("completions", "_optimize"), ("man", "optimize-report-data.1"), ("", "LICENSE-MIT")] {
            let file = place.join(name).join(folder).join(file);
            if fs::metadata(&file)?.len() < 500 {
                return Err(format!("{} is too short", file.display()).into());
            }
        }
        let formula = fs::read_to_string(made.join("optimize.rb"))?;
        if !formula.contains(&format!("{url}/optimize-0.1.0-source.tar.gz")) {
            return Err(format!("the formula downloads from elsewhere:\n{formula}").into());
        }
        let bill = fs::read_to_string(made.join("optimize-0.1.0.cdx.json"))?;
        let here = root().display().to_string();
        if !bill.contains("\"reqwest\"") || bill.contains(&here) {
            return Err("the bill of materials lacks reqwest, or tells where it was made".into());
        }
        let debian = "optimize_0.1.0-1_amd64.deb";
        if !made.join(debian).exists() || cmd!(shell, "which dpkg-deb").quiet().ignore_stdout().run().is_err() {
            eprintln!("!! NOT RUN: there is no Debian package, or no dpkg-deb to unpack it");
            return Ok(());
        }
        let root = place.join("deb");
        cmd!(shell, "dpkg-deb --extract {debian} {root}").quiet().run()?;
        works(&root.join("usr/bin/optimize"))
    }
}

/// Whether a program prints the data of a report, for somebody who has nothing.
fn works(program: &Path) -> Outcome {
    let mut command = Command::new(program);
    command.args(["--sandbox", "report", "data", "orders-by-step"]).env_clear().stdin(Stdio::null());
    let output = command.output()?;
    let is_fine = output.status.success() && String::from_utf8_lossy(&output.stdout).contains("receiveOrder");
    if is_fine { Ok(()) } else { Err(format!("{} does not work: {output:?}", program.display()).into()) }
}
