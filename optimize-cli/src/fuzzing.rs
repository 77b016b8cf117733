//! Readers of foreign bytes, for fuzz targets. Not part of the crate.

/// A journal of an ingestion.
pub fn journal(bytes: &[u8]) {
    crate::ingest::check_journal(bytes);
}

/// A row of a file of variables or events.
pub fn row(text: &str) {
    crate::ingest::check_row(text);
}

/// The manifest of a plugin.
pub fn plugin_manifest(bytes: &[u8]) {
    crate::plugins::check_manifest(bytes);
}

/// Definitions, as `import --dry-run` reads them.
pub fn definitions(bytes: &[u8]) {
    crate::commands::check_definitions(bytes);
}

/// Text on its way to a terminal: it must hold nothing that acts on one.
pub fn screen(bytes: &[u8]) {
    crate::output::check_screen(bytes);
}
