//! The dependency rules of ARCHITECTURE.md.

use std::fs;

use serde_json::Value;
use xshell::cmd;

use crate::ci::FEATURES;
use crate::fetch::fetch;
use crate::tools;
use crate::util::{Outcome, ends_in, files, root, shell};

/// Which crates of the workspace a crate may build upon. Tests may use the sandbox as well.
const MAY_DEPEND_ON: [(&str, &[&str]); 15] = [
    ("optimize-auth", &[]),
    ("optimize-api", &["optimize-auth"]),
    ("optimize-config", &["optimize-auth", "optimize-api"]),
    ("optimize-definitions", &["optimize-auth", "optimize-api"]),
    ("optimize-bulk", &["optimize-auth", "optimize-api"]),
    (
        "optimize-cli",
        &[
            "optimize-auth",
            "optimize-api",
            "optimize-bulk",
            "optimize-config",
            "optimize-definitions",
            "optimize-sandbox",
        ],
    ),
    ("optimize-sandbox", &[]),
    ("xtask", &[]),
    ("pages", &["optimize-api", "optimize-cli"]),
    ("custom-strategy", &["optimize-auth"]),
    ("rows-plugin", &[]),
    ("guide", &["optimize-api", "optimize-auth", "optimize-config"]),
    ("other-clients", &["optimize-auth"]),
    ("programs", &["optimize-auth", "optimize-api"]),
    ("redis-store", &["optimize-auth"]),
];

/// Crates that must be absent from everything a crate builds upon: a token needs no command line, a client no file
/// format, and there is one cryptographic backend.
const ABSENT: [(&str, &[&str]); 6] = [
    (
        "optimize-auth",
        &["clap", "figment", "toml_edit", "csv", "axum", "jsonwebtoken", "indicatif", "optimize-sandbox"],
    ),
    ("optimize-api", &["clap", "figment", "toml_edit", "csv", "axum", "jsonwebtoken", "indicatif", "optimize-sandbox"]),
    ("optimize-config", &["clap", "csv", "axum", "jsonwebtoken", "indicatif", "ring", "optimize-sandbox"]),
    ("optimize-bulk", &["clap", "figment", "indicatif", "optimize-config", "parquet", "object_store", "ring"]),
    ("optimize-definitions", &["clap", "csv", "figment", "indicatif", "optimize-config", "ring"]),
    ("optimize-cli", &["ring", "rsa", "openssl", "native-tls", "serde_yml", "backoff", "instant", "dotenv", "atty"]),
];

/// The ways to build the libraries other than with their default features: no HTTP client, or another library for TLS.
const ALTERNATIVES: [&str; 3] = ["", "rustls-ring,signing", "native-tls"];

/// What the command line leaves out with its feature `sandbox`.
const SERVER: &[&str] = &["axum", "jsonwebtoken", "optimize-sandbox", "rcgen"];

/// How many crates the token crate may build upon, on Linux, its build dependencies included. `oauth2` 5 with `reqwest`
/// 0.13 has 167.
const MOST_CRATES: (&str, usize) = ("optimize-auth", 145);

/// Words that may stand in the sources of one file or directory only.
const CONFINED: [(&str, &str); 4] = [
    ("figment::", "optimize-config/src/"),
    // Its errors and its Debug show values.
    ("Figment", "optimize-config/src/layers.rs"),
    // It logs requests with their credentials.
    ("connection_verbose", ""),
    ("std::env::vars_os", "optimize-config/src/env_vars.rs"),
];

pub(crate) fn run() -> Outcome {
    let mut broken = direction()?;
    broken.extend(absent()?);
    broken.extend(too_many()?);
    broken.extend(confined()?);
    if broken.is_empty() { Ok(()) } else { Err(broken.join("\n       ").into()) }
}

/// The supply chain: licences, bans, duplicates and sources by cargo-deny, advisories where their database can be reached,
/// and the oldest compiler that is promised.
pub(crate) fn audit() -> Outcome {
    run()?;
    alternatives()?;
    oldest_compiler()?;
    let Some(deny) = tools::DENY.program()? else { return Ok(()) };
    let shell = shell()?;
    cmd!(shell, "{deny} --features {FEATURES},optimize-cli/bulk,optimize-cli/streams check --hide-inclusion-graph bans licenses sources")
        .quiet()
        .run()?;
    if fetch(cmd!(shell, "{deny} fetch db"), "the check for advisories", "the advisory database")? {
        cmd!(
            shell,
            "{deny} --features {FEATURES},optimize-cli/bulk,optimize-cli/streams check --disable-fetch advisories"
        )
        .quiet()
        .run()?;
    }
    Ok(())
}

fn alternatives() -> Outcome {
    let shell = shell()?;
    for features in ALTERNATIVES {
        for package in ["optimize-auth", "optimize-api"] {
            cmd!(shell, "cargo check --package {package} --no-default-features --features {features} --locked --quiet")
                .env("RUSTFLAGS", "-D warnings")
                .run()?;
        }
    }
    Ok(())
}

/// Builds with the compiler that `rust-version` names, if it is installed. Without it two things are known all the same: no
/// dependency wants a newer one, and clippy finds what the standard library has only since then.
fn oldest_compiler() -> Outcome {
    let packages = packages(&["--locked"])?;
    let version = |package: &Value| {
        let text = package["rust_version"].as_str()?;
        let mut parts = text.split('.').map(|part| part.parse::<u32>().unwrap_or_default());
        Some((parts.next()?, parts.next().unwrap_or_default()))
    };
    let ours = packages.iter().find(|package| package["name"] == "optimize-auth").and_then(version);
    let ours = ours.ok_or("optimize-auth has no rust-version")?;
    let newer = packages.iter().filter(|package| version(package) > Some(ours));
    let newer: Vec<_> =
        newer.map(|package| format!("{} wants Rust {}", package["name"], package["rust_version"])).collect();
    if !newer.is_empty() {
        return Err(newer.join("\n       ").into());
    }
    let (shell, toolchain) = (shell()?, format!("+{}.{}", ours.0, ours.1));
    if cmd!(shell, "cargo {toolchain} --version").quiet().ignore_stdout().ignore_stderr().run().is_err() {
        eprintln!("!! NOT RUN: Rust {} is not installed, so nothing was built with it", &toolchain[1..]);
        return Ok(());
    }
    let check =
        cmd!(shell, "cargo {toolchain} check --workspace --features {FEATURES} --locked --target-dir target/oldest");
    Ok(check.run()?)
}

/// The packages that cargo knows of, with these further arguments.
pub(crate) fn packages(arguments: &[&str]) -> Outcome<Vec<Value>> {
    let shell = shell()?;
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --quiet {arguments...}").quiet().read()?;
    let mut metadata: Value = serde_json::from_str(&metadata)?;
    match metadata["packages"].take() {
        Value::Array(packages) => Ok(packages),
        _ => Err("cargo metadata lists no packages".into()),
    }
}

fn direction() -> Outcome<Vec<String>> {
    let packages = packages(&["--no-deps", "--locked"])?;
    let mut broken = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(known, _)| *known == name) else {
            broken.push(format!("{name} has no rule in {}", file!()));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let (on, kind) = (dependency["name"].as_str().unwrap_or_default(), dependency["kind"].as_str());
            let is_ours = MAY_DEPEND_ON.iter().any(|(known, _)| *known == on);
            let is_for_tests = kind == Some("dev") && (on == "optimize-sandbox" || on == name);
            if is_ours && !is_for_tests && !allowed.contains(&on) {
                broken.push(format!("{name} must not depend on {on}"));
            }
            let features = dependency["features"].as_array().into_iter().flatten();
            if on == "tokio" && features.into_iter().any(|feature| feature == "full") {
                broken.push(format!("{name} must name the features of tokio instead of `full`"));
            }
        }
    }
    Ok(broken)
}

fn absent() -> Outcome<Vec<String>> {
    let shell = shell()?;
    let mut broken = Vec::new();
    let without_server = ("optimize-cli", SERVER, &["--no-default-features"][..]);
    for (package, absent, flags) in
        ABSENT.into_iter().map(|(package, absent)| (package, absent, &[][..])).chain([without_server])
    {
        let tree =
            cmd!(shell, "cargo tree --package {package} {flags...} --edges normal --prefix none --locked --quiet")
                .quiet()
                .read()?;
        let crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
        let found = absent.iter().filter(|name| crates.contains(*name));
        broken.extend(found.map(|name| format!("{name} must be absent from what {package} builds upon")));
    }
    Ok(broken)
}

fn too_many() -> Outcome<Option<String>> {
    let (package, most) = MOST_CRATES;
    let shell = shell()?;
    let target = ["--target", "x86_64-unknown-linux-gnu", "--locked", "--quiet"];
    let tree =
        cmd!(shell, "cargo tree --package {package} --edges normal,build --prefix none {target...}").quiet().read()?;
    let mut crates: Vec<_> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    crates.sort_unstable();
    crates.dedup();
    let count = crates.len();
    eprintln!("   {package} builds upon {} crates", count - 1);
    Ok((count > most).then(|| format!("{package} builds upon {count} crates, more than {most}")))
}

fn confined() -> Outcome<Vec<String>> {
    let mut broken = Vec::new();
    for (package, _) in MAY_DEPEND_ON.iter().filter(|(package, _)| package.starts_with("optimize-")) {
        for path in files(&root().join(package).join("src"))?.into_iter().filter(|path| ends_in(path, "rs")) {
            let text = fs::read_to_string(&path)?;
            let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            let found = CONFINED
                .iter()
                .filter(|(word, place)| text.contains(word) && (place.is_empty() || !shown.starts_with(place)));
            broken.extend(found.map(|(word, _)| format!("{shown} must not use `{word}`")));
        }
    }
    Ok(broken)
}
