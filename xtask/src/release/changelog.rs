//! `CHANGELOG.md`, in the form of Keep a Changelog.

use std::fs;

use crate::util::{Outcome, root};

pub(crate) const FILE: &str = "CHANGELOG.md";
const UNRELEASED: &str = "## Unreleased\n";

/// The changelog around what is not released yet.
pub(crate) struct Changelog {
    before: String,
    unreleased: String,
    after: String,
}

impl Changelog {
    pub(crate) fn read() -> Outcome<Self> {
        Self::parse(&fs::read_to_string(root().join(FILE))?)
    }

    pub(crate) fn parse(text: &str) -> Outcome<Self> {
        let (before, rest) =
            text.split_once(UNRELEASED).ok_or_else(|| format!("{FILE} has no heading `{}`", UNRELEASED.trim()))?;
        let (unreleased, after) = rest.find("\n## ").map_or((rest, ""), |end| rest.split_at(end + 1));
        Ok(Self { before: before.to_owned(), unreleased: unreleased.trim().to_owned(), after: after.to_owned() })
    }

    /// What is not released yet.
    pub(crate) fn unreleased(&self) -> &str {
        &self.unreleased
    }

    /// Whether an entry says that it breaks what was.
    pub(crate) fn is_breaking(&self) -> bool {
        self.unreleased.lines().any(|line| line.starts_with("- **Breaking**"))
    }

    /// Whether something is there that was not.
    pub(crate) fn adds(&self) -> bool {
        self.unreleased.lines().any(|line| line == "### Added")
    }

    /// The text once all this is released.
    pub(crate) fn released(&self, version: &str, date: &str) -> String {
        let Self { before, unreleased, after } = self;
        let after = if after.is_empty() { String::new() } else { format!("\n{after}") };
        format!("{before}{UNRELEASED}\n## {version} - {date}\n\n{unreleased}\n{after}")
    }

    /// The section of a release that was made.
    pub(crate) fn section(&self, version: &str) -> Option<String> {
        let heading = format!("## {version} - ");
        let text = self.after.split_once(&heading)?.1.split_once('\n')?.1;
        Some(text.split("\n## ").next().unwrap_or_default().trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Changelog;

    const TEXT: &str = "# Changelog\n\n## Unreleased\n\n### Added\n- more\n\n### Changed\n- **Breaking**: less\n\n## 0.1.0 - 2026-01-02\n\n### Added\n- all\n";

    #[test]
    fn what_is_released_gets_a_version_and_leaves_room() {
        let changelog = Changelog::parse(TEXT).unwrap();
        assert!(changelog.is_breaking() && changelog.adds());
        let released = changelog.released("0.2.0", "2026-02-03");
        assert!(released.contains(
            "## Unreleased\n\n## 0.2.0 - 2026-02-03\n\n### Added\n- more\n\n### Changed\n- **Breaking**: less\n\n## 0.1.0"
        ));
        let again = Changelog::parse(&released).unwrap();
        assert_eq!(again.unreleased(), "");
        assert_eq!(again.section("0.2.0").unwrap(), changelog.unreleased());
        assert_eq!(again.section("0.1.0").unwrap(), "### Added\n- all");
    }

    #[test]
    fn the_first_release_has_nothing_behind_it() {
        let changelog = Changelog::parse("## Unreleased\n\n### Fixed\n- a\n").unwrap();
        assert!(!changelog.is_breaking() && !changelog.adds());
        assert_eq!(
            changelog.released("1.0.0", "2026-01-01"),
            "## Unreleased\n\n## 1.0.0 - 2026-01-01\n\n### Fixed\n- a\n"
        );
    }

    #[test]
    fn a_changelog_without_its_heading_is_an_error() {
        assert!(Changelog::parse("# Changelog\n").is_err());
    }
}
