//! The public API of the libraries as a text each, so that a change of it is seen in review and cannot break anybody unsaid.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use xshell::cmd;

use crate::release::changelog::Changelog;
use crate::release::version::last_tag;
use crate::tools;
use crate::util::{Outcome, check_or_write, root, shell, target};

/// The command line's library is for its own tests; its interface is in `docs/reference/command-line.md`.
const LIBRARIES: [&str; 6] =
    ["optimize-auth", "optimize-api", "optimize-config", "optimize-definitions", "optimize-bulk", "optimize-sandbox"];

/// The features that add items; those that choose another TLS library add none.
fn features(library: &str) -> &'static str {
    match library {
        "optimize-auth" => "keyring,metrics,reqwest-middleware,test-util,tower",
        "optimize-api" => "blocking,miette,test-util,unstable",
        "optimize-config" => "keyring",
        _ => "",
    }
}

const DIRECTORY: &str = "docs/dev/api";

/// What has become of the public API since a release.
#[derive(Default)]
pub(crate) struct Change {
    /// Items that are gone or differ.
    pub(crate) gone: Vec<String>,
    pub(crate) new: Vec<String>,
}

pub(crate) fn run(check: bool) -> Outcome {
    let Some(tool) = tools::PUBLIC_API.program()? else { return Ok(()) };
    let shell = shell()?;
    for library in LIBRARIES {
        let json = rustdoc_json(library)?;
        let api = cmd!(shell, "{tool} --rustdoc-json {json} -sss").quiet().read()?;
        eprintln!("   {library} has {} public items", api.lines().count());
        check_or_write(&root().join(file(library)), &format!("{api}\n"), !check, "cargo xtask api")?;
    }
    let Some(tag) = last_tag()? else {
        eprintln!("   nothing is released yet, so nothing can be broken");
        return Ok(());
    };
    let change = since(&tag)?;
    if !change.gone.is_empty() && !Changelog::read()?.is_breaking() {
        return Err(format!(
            "{} public items are gone or differ since {tag}, and no line of CHANGELOG.md begins with **Breaking**:\n       {}",
            change.gone.len(),
            change.gone.join("\n       ")
        )
        .into());
    }
    Ok(())
}

fn file(library: &str) -> String {
    format!("{DIRECTORY}/{library}.txt")
}

/// The difference between the texts in the working tree and those of a release.
pub(crate) fn since(tag: &str) -> Outcome<Change> {
    let shell = shell()?;
    let mut change = Change::default();
    for library in LIBRARIES {
        let file = file(library);
        let before = cmd!(shell, "git show {tag}:{file}").quiet().ignore_stderr().read()?;
        let now = fs::read_to_string(root().join(&file))?;
        let (before, now): (BTreeSet<_>, BTreeSet<_>) = (before.lines().collect(), now.lines().collect());
        change.gone.extend(before.difference(&now).map(|item| (*item).to_owned()));
        change.new.extend(now.difference(&before).map(|item| (*item).to_owned()));
    }
    Ok(change)
}

/// What rustdoc knows of a library, as JSON. That option is unstable, so it is unlocked for this rustdoc alone.
fn rustdoc_json(library: &str) -> Outcome<PathBuf> {
    let rustdoc = root().join("target/xtask/rustdoc");
    fs::create_dir_all(rustdoc.with_file_name(""))?;
    fs::write(&rustdoc, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    fs::set_permissions(&rustdoc, fs::Permissions::from_mode(0o755))?;
    let shell = shell()?;
    let features = features(library);
    let json = cmd!(shell, "cargo rustdoc --package {library} --features {features} --lib --locked --quiet --")
        .args(["-Z", "unstable-options", "--output-format", "json"])
        .env("RUSTDOC", &rustdoc);
    json.quiet().run()?;
    Ok(target().join("doc").join(format!("{}.json", library.replace('-', "_"))))
}
