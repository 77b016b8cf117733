//! Names of files from names of reports.

use std::collections::BTreeSet;

use crate::kind::Kind;

/// The longest name of a file, in characters.
const LONGEST: usize = 60;

/// Names that a file cannot have on Windows.
const RESERVED: [&str; 6] = ["aux", "con", "nul", "prn", "com1", "lpt1"];

/// The name of a file for this name of an entity: small letters, digits and single hyphens. `taken` are those of others.
pub(crate) fn slug(name: &str, kind: Kind, taken: &BTreeSet<String>) -> String {
    let slug = file_slug(name);
    let slug = if slug.is_empty() || RESERVED.contains(&slug.as_str()) { format!("{slug}{kind}") } else { slug };
    let numbered = (2..).map(|number| format!("{slug}-{number}"));
    std::iter::once(slug.clone()).chain(numbered).find(|slug| !taken.contains(slug)).unwrap_or(slug)
}

/// Small letters, digits and single hyphens for a name; nothing for one that has no letters and digits.
pub fn file_slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().flat_map(char::to_lowercase) {
        if character.is_alphanumeric() {
            slug.push(character);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.chars().count() >= LONGEST {
            break;
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_names_become_names_of_files() {
        let none = BTreeSet::new();
        let of = |name: &str| slug(name, Kind::Report, &none);
        assert_eq!(of("Cost / instance (EUR)"), "cost-instance-eur");
        assert_eq!(of("../../etc/passwd"), "etc-passwd");
        assert_eq!(of("   "), "report");
        assert_eq!(of("🎉🎉"), "report");
        assert_eq!(of("CON"), "conreport");
        assert_eq!(of("Größe"), "größe");
        assert!(of(&"x".repeat(300)).chars().count() <= LONGEST);
        let taken = BTreeSet::from(["cost".to_owned(), "cost-2".to_owned()]);
        assert_eq!(slug("Cost", Kind::Report, &taken), "cost-3");
    }
}
