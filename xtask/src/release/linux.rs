//! Packages for Debian and for systems with RPM, and the bill of materials. Where the tools for it cannot be fetched they
//! are missing, and that is said.

use std::fs;
use std::path::Path;

use serde_json::Value;
use xshell::cmd;

use super::making::{FEATURES, Making};
use crate::util::{Outcome, root, shell};
use crate::{deps, tools};

/// By the metadata of `optimize-cli/Cargo.toml`.
pub(super) fn debian(making: &Making, target: &str) -> Outcome {
    let Some(tool) = tools::DEB.program()? else { return Ok(()) };
    let (shell, out) = (shell()?, &making.out);
    link_stage(making)?;
    cmd!(shell, "{tool} --package optimize-cli --no-build --no-strip --target {target} --output {out}/ --quiet")
        .env("SOURCE_DATE_EPOCH", making.time.to_string())
        .quiet()
        .run()?;
    Ok(())
}

/// An RPM package, the same way.
pub(super) fn rpm(making: &Making, target: &str) -> Outcome {
    let Some(tool) = tools::GENERATE_RPM.program()? else { return Ok(()) };
    let (shell, out, time) = (shell()?, &making.out, making.time.to_string());
    link_stage(making)?;
    Ok(cmd!(shell, "{tool} --package optimize-cli --target {target} --output {out}/ --source-date {time}")
        .quiet()
        .run()?)
}

/// The metadata names files below `target/stage`, whichever making it is.
fn link_stage(making: &Making) -> Outcome {
    let link = root().join("target/stage");
    if link.symlink_metadata().is_ok() {
        fs::remove_file(&link)?;
    }
    Ok(std::os::unix::fs::symlink(&making.stage, link)?)
}

/// What the program is made of, in CycloneDX, without the place and the moment of its making.
pub(super) fn bill_of_materials(making: &Making) -> Outcome {
    let Some(tool) = tools::CYCLONEDX.program()? else { return Ok(()) };
    let shell = shell()?;
    let manifest = root().join("optimize-cli/Cargo.toml");
    cmd!(
        shell,
        "{tool} cyclonedx --manifest-path {manifest} --format json --features {FEATURES} --override-filename bom"
    )
    .env("SOURCE_DATE_EPOCH", making.time.to_string())
    .quiet()
    .run()?;
    let mut bill = None;
    // It writes one for each crate of the workspace.
    for package in deps::packages(&["--no-deps", "--locked"])? {
        let file = Path::new(package["manifest_path"].as_str().unwrap_or_default()).with_file_name("bom.json");
        if file.exists() {
            let text = fs::read_to_string(&file)?.replace(&root().display().to_string(), "");
            fs::remove_file(&file)?;
            if package["name"] == "optimize-cli" {
                bill = Some(text);
            }
        }
    }
    let mut bill: Value = serde_json::from_str(&bill.ok_or("cargo-cyclonedx wrote no bill of materials")?)?;
    if let Some(bill) = bill.as_object_mut() {
        bill.remove("serialNumber");
    }
    let file = making.out.join(format!("optimize-{}.cdx.json", making.version));
    Ok(fs::write(file, serde_json::to_string_pretty(&bill)? + "\n")?)
}
