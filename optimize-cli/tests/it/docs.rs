//! Every block of code in the documentation is run, or read by what it is for. What a page needs besides stands in its
//! comments:
//!
//! - `<!-- run: … -->`: shell that is run and not shown;
//! - `<!-- file: NAME -->`: the next block is the file of this name;
//! - `<!-- not run: REASON -->`: the next block is not run.
//!
//! The lines of a page are typed into one shell in a terminal. `…` stands for any output; a line of output that begins with
//! `error:` says that the command fails.

#![cfg(unix)]

mod markdown;
mod session;
mod world;

use std::path::{Path, PathBuf};

use markdown::{Block, blocks};
use session::Session;
use world::World;

use crate::harness::User;

/// How many blocks of a page were tried, and in which way.
#[derive(Debug, Default)]
struct Count {
    lines: usize,
    compared: usize,
    files: usize,
    rust: usize,
    read: usize,
    not_run: Vec<String>,
}

/// Crates whose manifests a page may name.
const CRATES: [&str; 5] =
    ["optimize-auth", "optimize-api", "optimize-config", "optimize-definitions", "optimize-sandbox"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The pages of the documentation, by their paths in the repository.
fn documents() -> Vec<String> {
    let mut found: Vec<_> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "ARCHITECTURE.md"].map(str::to_owned).into();
    for directory in CRATES.into_iter().chain(["optimize-cli", "docs", "docs/guide", "docs/dev"]) {
        for entry in std::fs::read_dir(root().join(directory)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") && !path.ends_with("SUMMARY.md") {
                found.push(format!("{directory}/{}", path.file_name().unwrap().display()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_block_of_the_documentation_is_run_or_read() {
    let mut complaints = Vec::new();
    let mut all = Count::default();
    for path in documents() {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        let count = try_page(&path, &text, &mut complaints);
        all.lines += count.lines;
        all.compared += count.compared;
        all.files += count.files;
        all.rust += count.rust;
        all.read += count.read;
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    assert!(all.lines > 100 && all.compared > 20 && all.rust > 10, "{all:?}");
}

fn try_page(path: &str, text: &str, complaints: &mut Vec<String>) -> Count {
    let mut count = Count::default();
    let mut session = Session::default();
    let mut complain = |complaint: String| complaints.push(format!("{path}: {complaint}"));
    for block in blocks(text) {
        match block {
            Block::Setup(shell) => session.prepare(&shell),
            Block::NotRun(reason) => count.not_run.push(reason),
            Block::File(name, text) => {
                count.files += 1;
                session.file(&name, &text);
            }
            Block::Code(language, text) => match language.split(',').next().unwrap_or_default() {
                "console" => match session.lines(&text) {
                    Ok(compared) => {
                        count.lines += compared.len();
                        count.compared += compared.into_iter().filter(|it| *it).count();
                    }
                    Err(complaint) => complain(complaint),
                },
                "rust" => {
                    count.rust += 1;
                    if !is_tested(path) {
                        complain("its Rust is in no test: add it to docs/examples/guide".to_owned());
                    }
                }
                "toml" => {
                    count.read += 1;
                    read_toml(&text).unwrap_or_else(&mut complain);
                }
                "json" => {
                    count.read += 1;
                    if !is_json(&text) {
                        complain(format!("no JSON:\n{text}"));
                    }
                }
                "text" => {}
                other => complain(format!("a block of the language {other:?} is neither run nor read:\n{text}")),
            },
        }
    }
    if !session.is_empty() {
        session.run(&World::of(path)).into_iter().for_each(complain);
    }
    count
}

/// Whether the Rust of a page is compiled as a test, by the crate that it belongs to or by the one for the guide.
fn is_tested(path: &str) -> bool {
    let krate = path.split('/').next().filter(|name| name.starts_with("optimize-")).unwrap_or("docs/examples/guide");
    let text = std::fs::read_to_string(root().join(krate).join("src/lib.rs")).unwrap_or_default();
    let name = path.strip_prefix(&format!("{krate}/")).or(path.strip_prefix("docs/")).unwrap_or(path);
    text.contains(&format!("{name}\")]"))
}

fn is_json(text: &str) -> bool {
    let reads = |text: &str| serde_json::from_str::<serde_json::Value>(text).is_ok();
    reads(text) || text.lines().all(reads)
}

/// A configuration is validated; in a manifest the crates, their version and features must be there.
fn read_toml(text: &str) -> Result<(), String> {
    let document: toml_edit::DocumentMut = text.parse().map_err(|error| format!("no TOML: {error}\n{text}"))?;
    let Some(dependencies) = ["dependencies", "dev-dependencies"].iter().find_map(|name| document.get(name)) else {
        let user = User::new().with("MY_SECRET", "x").with("OPTIMIZE_PROFILE", "sandbox");
        user.configure(text);
        user.file(".config/optimize/token", "x");
        let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
        user.file(".config/optimize/client-key.pem", &key.serialize_pem());
        let ran = user.types("config validate");
        return if ran.code == Some(0) { Ok(()) } else { Err(format!("no valid configuration: {ran}\n{text}")) };
    };
    for name in CRATES.iter().filter(|name| dependencies.get(name).is_some()) {
        let manifest = std::fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let manifest: toml_edit::DocumentMut = manifest.parse().unwrap();
        let dependency = &dependencies[name];
        let version = dependency.as_str().or_else(|| dependency.get("version")?.as_str()).unwrap_or_default();
        if !env!("CARGO_PKG_VERSION").starts_with(version) || version.is_empty() {
            return Err(format!("the version of {name} is {}, not {version:?}", env!("CARGO_PKG_VERSION")));
        }
        let features = dependency.get("features").and_then(toml_edit::Item::as_array).into_iter().flatten();
        for feature in features.filter_map(toml_edit::Value::as_str) {
            if manifest.get("features").and_then(|features| features.get(feature)).is_none() {
                return Err(format!("{name} has no feature {feature}"));
            }
        }
    }
    Ok(())
}
