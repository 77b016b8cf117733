//! From a commit to something that can be published: the next version, the commit that makes it, the checks, the packages.

mod archive;
pub(crate) mod changelog;
mod linux;
mod making;
pub(crate) mod package;
mod templates;
mod verify;
pub(crate) mod version;

use std::fs;

use semver::Version;
use serde_json::Value;
use toml_edit::DocumentMut;
use xshell::cmd;

use crate::api::Change;
use crate::util::{Outcome, cargo_home, root, shell, target};
use crate::{api, deps, r#gen};
use changelog::Changelog;
use version::{Step, last_tag, next};

/// All crates have one version: they are made for one another, and a user need not ask which go together.
const MANIFEST: &str = "Cargo.toml";

/// What would be released now.
struct Plan {
    last: Option<String>,
    version: Version,
    because: String,
    notes: String,
}

/// Says what would be released, and why.
pub(crate) fn plan() -> Outcome {
    let Plan { last, version, because, notes } = Plan::make()?;
    println!("version  {version}, after {}", last.as_deref().unwrap_or("nothing"));
    println!("because  {because}");
    println!("crates   {}", order()?.join(", "));
    println!("tag      v{version}\n\n{notes}");
    Ok(())
}

impl Plan {
    fn make() -> Outcome<Self> {
        let changelog = Changelog::read()?;
        if changelog.unreleased().is_empty() {
            return Err("there is nothing to release: `## Unreleased` in CHANGELOG.md is empty".into());
        }
        let notes = changelog.unreleased().to_owned();
        let Some(tag) = last_tag()? else {
            let because = "nothing is released yet".to_owned();
            return Ok(Self { last: None, version: current()?, because, notes });
        };
        let last = Version::parse(tag.trim_start_matches('v'))?;
        let change = api::since(&tag)?;
        let (step, because) = step(&change, &changelog);
        Ok(Self { version: next(&last, step), last: Some(tag), because, notes })
    }
}

/// How much the version grows, and why.
fn step(change: &Change, changelog: &Changelog) -> (Step, String) {
    if let Some(gone) = change.gone.first() {
        let because = format!("{} public items are gone or differ, such as: {gone}", change.gone.len());
        (Step::Breaking, because)
    } else if changelog.is_breaking() {
        (Step::Breaking, "the changelog lists a breaking change".to_owned())
    } else if !change.new.is_empty() || changelog.adds() {
        (Step::Minor, format!("something is new; {} public items are", change.new.len()))
    } else {
        (Step::Patch, "no public item has changed".to_owned())
    }
}

/// Makes the commit of a release: versions, changelog, lock file.
pub(crate) fn prepare(wanted: Option<Version>, dry_run: bool) -> Outcome {
    refuse_changes()?;
    let plan = Plan::make()?;
    let version = wanted.unwrap_or_else(|| plan.version.clone());
    if version < plan.version {
        return Err(
            format!("{version} promises too much: it must be at least {}: {}", plan.version, plan.because).into()
        );
    }
    let shell = shell()?;
    let date = cmd!(shell, "date -u +%F").quiet().read()?;
    let mut files = vec![
        (MANIFEST.to_owned(), with_version(&fs::read_to_string(root().join(MANIFEST))?, &version)?),
        (changelog::FILE.to_owned(), Changelog::read()?.released(&version.to_string(), &date)),
    ];
    let (old, new, crates) = (short(&current()?), short(&version), order()?);
    let pages = cmd!(shell, "git ls-files *.md").quiet().read()?;
    for page in pages.lines().filter(|page| *page != changelog::FILE) {
        let text = fs::read_to_string(root().join(page))?;
        let changed = crates.iter().fold(text.clone(), |text, name| {
            text.replace(&format!("{name} = \"{old}\""), &format!("{name} = \"{new}\""))
        });
        if changed != text {
            files.push((page.to_owned(), changed));
        }
    }
    let names: Vec<_> = files.iter().map(|(name, _)| name.clone()).chain(["Cargo.lock".to_owned()]).collect();
    println!("{version}: {}", names.join(", "));
    if dry_run {
        println!("nothing was written; the changelog would begin with\n\n## {version} - {date}\n\n{}", plan.notes);
        return Ok(());
    }
    for (name, text) in files {
        fs::write(root().join(name), text)?;
    }
    cmd!(shell, "cargo update --workspace --offline --quiet").quiet().run()?;
    let message = format!("Release {version}");
    cmd!(shell, "git commit --quiet --message {message} -- {names...}").quiet().run()?;
    println!("committed; next: cargo xtask release check");
    Ok(())
}

/// Whether this commit can be released: everything that can be known without publishing.
pub(crate) fn check() -> Outcome {
    refuse_changes()?;
    let (version, changelog) = (current()?, Changelog::read()?);
    let section = changelog.section(&version.to_string());
    let notes =
        section.ok_or_else(|| format!("CHANGELOG.md has no section {version}; run: cargo xtask release prepare"))?;
    if !changelog.unreleased().is_empty() {
        return Err(format!("CHANGELOG.md has something that is not in the section {version}").into());
    }
    let (shell, tag) = (shell()?, format!("v{version}"));
    let tagged = cmd!(shell, "git rev-list --max-count 1 {tag} --").quiet().ignore_stderr().ignore_status().read()?;
    if !tagged.is_empty() && tagged != cmd!(shell, "git rev-parse HEAD").quiet().read()? {
        return Err(format!("the tag {tag} is there already, at another commit").into());
    }
    deps::run()?;
    r#gen::run(true)?;
    api::run(true)?;
    crates()?;
    let manifest = fs::read_to_string(root().join("Cargo.toml"))?;
    if manifest.contains("repository.invalid") {
        eprintln!(
            "!! NOT YET: fill in repository, homepage and documentation in Cargo.toml before the first publication"
        );
    }
    println!("{version} can be released. As the text of the tag:\n\nOptimize SDK {version}\n\n{notes}\n");
    println!("  cargo xtask release package");
    println!("  git tag --annotate v{version} && git push --follow-tags");
    for name in order()? {
        println!("  cargo publish --locked --package {name}");
    }
    Ok(())
}

/// Packs each crate, unpacks it and builds it against the packed ones before it.
pub(crate) fn crates() -> Outcome {
    let (shell, crates) = (shell()?, order()?);
    forget_packed(&crates)?;
    let packages = crates.iter().flat_map(|name| ["--package", name]);
    Ok(cmd!(shell, "cargo package --locked --quiet --allow-dirty {packages...}").quiet().run()?)
}

/// Removes what cargo has unpacked and built of our own crates when it packed them before: it would take that for what is packed now,
/// since the version is the same. Its directory for crates that are being packed has a name that begins with a hyphen.
fn forget_packed(crates: &[String]) -> Outcome {
    let shell = shell()?;
    let unpacked = fs::read_dir(format!("{}/registry/src", cargo_home(&shell)?)).into_iter().flatten().flatten();
    let unpacked = unpacked.filter(|entry| entry.file_name().to_string_lossy().starts_with('-'));
    let mut directories: Vec<_> = unpacked.map(|entry| entry.path()).collect();
    directories.push(target().join("debug/.fingerprint"));
    for entry in directories.into_iter().filter_map(|directory| fs::read_dir(directory).ok()).flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if crates.iter().any(|known| name.strip_prefix(known.as_str()).is_some_and(|rest| rest.starts_with('-'))) {
            shell.remove_path(entry.path())?;
        }
    }
    Ok(())
}

fn refuse_changes() -> Outcome {
    let shell = shell()?;
    let changes = cmd!(shell, "git status --porcelain").quiet().read()?;
    if changes.is_empty() {
        return Ok(());
    }
    Err(format!("the working tree has changes, so the release would not be what is committed:\n{changes}").into())
}

/// The version that the manifest names.
fn current() -> Outcome<Version> {
    let manifest: DocumentMut = fs::read_to_string(root().join(MANIFEST))?.parse()?;
    let version = manifest["workspace"]["package"]["version"].as_str().ok_or("the workspace has no version")?;
    Ok(Version::parse(version)?)
}

/// The manifest with this version, of the workspace and of its crates where they depend on each other.
fn with_version(manifest: &str, version: &Version) -> Outcome<String> {
    let mut manifest: DocumentMut = manifest.parse()?;
    manifest["workspace"]["package"]["version"] = toml_edit::value(version.to_string());
    set_for_own_crates(&mut manifest, "version", &version.to_string())?;
    Ok(manifest.to_string())
}

/// Says this of each crate of the workspace, where they depend on each other.
fn set_for_own_crates(manifest: &mut DocumentMut, key: &str, value: &str) -> Outcome {
    let dependencies =
        manifest["workspace"]["dependencies"].as_table_like_mut().ok_or("the workspace has no dependencies")?;
    for (_, dependency) in dependencies.iter_mut() {
        if let Some(own) = dependency.as_inline_table_mut().filter(|dependency| dependency.contains_key("path")) {
            own.insert(key, value.into());
        }
    }
    Ok(())
}

/// As much of a version as a user writes.
fn short(version: &Version) -> String {
    format!("{}.{}", version.major, version.minor)
}

/// The crates that are published, each after those it needs, for its tests too.
fn order() -> Outcome<Vec<String>> {
    let packages = deps::packages(&["--no-deps", "--locked"])?;
    let mut open: Vec<&Value> = packages.iter().filter(|package| package["publish"].is_null()).collect();
    let mut order: Vec<String> = Vec::new();
    while !open.is_empty() {
        let names: Vec<_> = open.iter().map(|package| package["name"].clone()).collect();
        let is_ready = |package: &&Value| {
            let mut dependencies = package["dependencies"].as_array().into_iter().flatten();
            // The tests of a crate may depend on the crate itself, with more of its features.
            !dependencies.any(|dependency| dependency["name"] != package["name"] && names.contains(&dependency["name"]))
        };
        let place = open.iter().position(is_ready).ok_or("the crates depend on each other in a circle")?;
        order.push(open.remove(place)["name"].as_str().unwrap_or_default().to_owned());
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_or_declared_breaking_decides_before_what_is_new() {
        let changelog = |text: &str| Changelog::parse(&format!("## Unreleased\n\n{text}")).unwrap();
        let change = |gone: &[&str], new: &[&str]| Change {
            gone: gone.iter().map(|item| (*item).to_owned()).collect(),
            new: new.iter().map(|item| (*item).to_owned()).collect(),
        };
        for (change, text, expected) in [
            (change(&["pub fn a"], &["pub fn b"]), "### Fixed\n- a\n", Step::Breaking),
            (change(&[], &["pub fn b"]), "### Changed\n- **Breaking**: a name\n", Step::Breaking),
            (change(&[], &["pub fn b"]), "### Fixed\n- a\n", Step::Minor),
            (change(&[], &[]), "### Added\n- a\n", Step::Minor),
            (change(&[], &[]), "### Fixed\n- a\n", Step::Patch),
        ] {
            assert_eq!(step(&change, &changelog(text)).0, expected, "{text}");
        }
    }

    #[test]
    fn a_version_is_set_where_the_crates_depend_on_each_other_too() {
        let manifest = "[workspace.package]\nversion = \"0.1.0\"\n[workspace.dependencies]\n\
                        a = { path = \"a\", version = \"0.1.0\" }\nserde = \"1\"\n";
        let changed = with_version(manifest, &Version::new(0, 2, 0)).unwrap();
        assert_eq!(changed, manifest.replace("0.1.0", "0.2.0"));
    }
}
