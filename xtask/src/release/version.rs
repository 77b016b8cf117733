//! Which version comes next, from what the changelog and the public API say.

use semver::Version;
use xshell::cmd;

use crate::util::{Outcome, shell};

/// How much has changed, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Patch,
    Minor,
    Breaking,
}

/// The version after `last`. Before 1.0 a breaking change is a minor step, and anything else a patch, as Cargo reads them.
pub(crate) fn next(last: &Version, step: Step) -> Version {
    let Version { major, minor, patch, .. } = *last;
    match (major, step) {
        (0, Step::Breaking) => Version::new(0, minor + 1, 0),
        (_, Step::Breaking) => Version::new(major + 1, 0, 0),
        (1.., Step::Minor) => Version::new(major, minor + 1, 0),
        _ => Version::new(major, minor, patch + 1),
    }
}

/// The tag of the last release before this commit.
pub(crate) fn last_tag() -> Outcome<Option<String>> {
    let shell = shell()?;
    let tags = cmd!(shell, "git tag --list v[0-9]* --merged HEAD --sort -version:refname").quiet().read()?;
    Ok(tags.lines().next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use semver::Version;

    use super::{Step, next};

    #[test]
    fn versions_step_as_cargo_reads_them() {
        for (last, step, expected) in [
            ("0.1.0", Step::Breaking, "0.2.0"),
            ("0.1.0", Step::Minor, "0.1.1"),
            ("0.1.4", Step::Patch, "0.1.5"),
            ("1.2.3", Step::Breaking, "2.0.0"),
            ("1.2.3", Step::Minor, "1.3.0"),
            ("1.2.3", Step::Patch, "1.2.4"),
        ] {
            assert_eq!(next(&Version::parse(last).unwrap(), step).to_string(), expected, "{last} {step:?}");
        }
    }
}
