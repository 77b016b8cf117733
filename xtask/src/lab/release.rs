//! Releases of a throwaway checkout: planned, prepared, checked, packed and unpacked.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use semver::Version;
use xshell::{Cmd, Shell, cmd};

use super::checkout::Checkout;
use super::process::folder;
use crate::fetch::reaches_crates_io;
use crate::release::version::{Step, next};
use crate::util::{Outcome, empty_folder, is_installed, root};

pub(crate) fn run() -> Outcome {
    if !reaches_crates_io("what packed crates are checked against")? {
        return Ok(());
    }
    let checkout = Checkout::make(&folder("release")?)?;
    checkout.change("### Added\n- this release\n")?;
    let first = checkout.planned()?;
    checkout.refuses_changes()?;
    checkout.expect("prepare", &["--dry-run"], "nothing was written")?;
    checkout.expect("prepare", &[], "committed")?;
    checkout.expect("check", &[], &format!("{first} can be released"))?;
    let url = "https://downloads.example.com";
    checkout.expect("package", &["--twice", "--url", url], "twice the same, bit for bit")?;
    checkout.look_into_packages(&first, url)?;
    checkout.tag(&first)?;
    checkout.refuse("plan", &[], "nothing to release")?;
    checkout.change("### Fixed\n- a defect\n")?;
    let patch = next(&first, Step::Patch);
    checkout.expect("plan", &[], &format!("version  {patch}, after v{first}"))?;
    checkout.change("### Changed\n- **Breaking**: a name\n")?;
    let breaking = next(&first, Step::Breaking);
    checkout.expect("plan", &[], &format!("version  {breaking}, after v{first}"))?;
    checkout.refuse("prepare", &["--version", &patch.to_string()], "promises too much")?;
    let second = next(&breaking, Step::Breaking);
    checkout.expect("prepare", &["--version", &second.to_string()], &format!("{second}: Cargo.toml"))?;
    checkout.tag(&second)?;
    checkout.lose_an_item()?;
    checkout.expect("plan", &[], &format!("version  {}, after v{second}", next(&second, Step::Breaking)))
}

impl Checkout {
    fn tag(&self, version: &Version) -> Outcome {
        self.git(&["tag", "--annotate", "--message", &format!("Release {version}"), &format!("v{version}")])
    }

    /// The version that the plan names.
    fn planned(&self) -> Outcome<Version> {
        let said = self.release("plan", &[])?.read()?;
        let version = said.strip_prefix("version  ").and_then(|rest| rest.split(',').next());
        Ok(Version::parse(version.ok_or_else(|| format!("the plan names no version:\n{said}"))?)?)
    }

    /// A task of `cargo xtask release`, which works on this checkout.
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

    /// An item of the public API is gone, and the changelog does not tell.
    fn lose_an_item(&self) -> Outcome {
        let file = self.folder.join("docs/dev/api/optimize-api.txt");
        let text = fs::read_to_string(&file)?;
        fs::write(&file, text.replacen("pub mod optimize_api\n", "", 1))?;
        self.change("### Fixed\n- nothing at all\n")
    }

    /// What a user does with what was made.
    fn look_into_packages(&self, version: &Version, url: &str) -> Outcome {
        let made = self.folder.join(format!("target/dist/{version}"));
        let place = folder("release")?.join("unpacked");
        empty_folder(&place)?;
        let shell = Shell::new()?;
        shell.change_dir(&made);
        cmd!(shell, "sha256sum --check --quiet SHA256SUMS").quiet().run()?;
        let name = &format!("optimize-{version}-x86_64-unknown-linux-gnu");
        cmd!(shell, "tar --extract --gzip --file {name}.tar.gz --directory {place}").quiet().run()?;
        works(&place.join(name).join("optimize"))?;
        for (folder, file) in [("completions", "_optimize"), ("man", "optimize-report-data.1"), ("", "LICENSE-MIT")] {
            let file = place.join(name).join(folder).join(file);
            if fs::metadata(&file)?.len() < 500 {
                return Err(format!("{} is too short", file.display()).into());
            }
        }
        let formula = fs::read_to_string(made.join("optimize.rb"))?;
        if !formula.contains(&format!("{url}/optimize-{version}-source.tar.gz")) {
            return Err(format!("the formula downloads from elsewhere:\n{formula}").into());
        }
        let bill = fs::read_to_string(made.join(format!("optimize-{version}.cdx.json")))?;
        let here = root().display().to_string();
        if !bill.contains("\"reqwest\"") || bill.contains(&here) {
            return Err("the bill of materials lacks reqwest, or shows where it was made".into());
        }
        let debian = &format!("optimize_{version}-1_amd64.deb");
        if !made.join(debian).exists() || !is_installed("dpkg-deb") {
            eprintln!("!! NOT RUN: there is no Debian package, or no dpkg-deb to unpack it");
            return Ok(());
        }
        let root = place.join("deb");
        cmd!(shell, "dpkg-deb --extract {debian} {root}").quiet().run()?;
        works(&root.join("usr/bin/optimize"))
    }
}

/// Whether a program prints the data of a report without any configuration.
fn works(program: &Path) -> Outcome {
    let mut command = Command::new(program);
    command.args(["--sandbox", "report", "data", "orders-by-step"]).env_clear().stdin(Stdio::null());
    let output = command.output()?;
    let is_fine = output.status.success() && String::from_utf8_lossy(&output.stdout).contains("receiveOrder");
    if is_fine { Ok(()) } else { Err(format!("{} does not work: {output:?}", program.display()).into()) }
}
