//! Pages of the documentation that tests make, so that they show what was seen. Tests of other crates include this file.

use std::path::Path;

/// Compares a page with what was seen, or writes it if `cargo xtask gen` says so.
#[expect(clippy::disallowed_methods, reason = "the task that writes pages says so in the environment")]
pub(crate) fn page(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(path);
    if std::env::var_os("OPTIMIZE_WRITES_PAGES").is_some() {
        std::fs::write(&file, text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "docs/{path} is stale; write it with: cargo xtask gen");
}
