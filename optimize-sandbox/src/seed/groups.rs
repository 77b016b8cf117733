//! Grouped and distributed reports.

use std::fmt::Write as _;

use fastrand::Rng;

/// Key, label and value, if there is one.
type Group = (String, String, Option<u32>);

/// The groups of a report.
#[derive(Debug)]
pub(crate) enum Groups {
    Map(Vec<Group>),
    HyperMap(Vec<(String, Vec<Group>)>),
}

impl Groups {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Map(groups) => groups.len(),
            Self::HyperMap(groups) => groups.len(),
        }
    }

    /// Appends the groups as a JSON array. Keys and labels of the demo data need no escapes.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Self::Map(groups) => write_groups(groups, out),
            Self::HyperMap(outer) => {
                let mut separator = '[';
                for (key, groups) in outer {
                    let _ = write!(out, "{separator}{{\"key\":\"{key}\",\"label\":\"{key}\",\"value\":");
                    write_groups(groups, out);
                    out.push('}');
                    separator = ',';
                }
                out.push(']');
            }
        }
    }
}

fn write_groups(groups: &[Group], out: &mut String) {
    let mut separator = '[';
    for (key, label, value) in groups {
        let _ = write!(out, "{separator}{{\"key\":\"{key}\",\"value\":");
        let _ = match value {
            Some(value) => write!(out, "{value}.0"),
            None => write!(out, "null"),
        };
        let _ = write!(out, ",\"label\":\"{label}\"}}");
        separator = ',';
    }
    out.push(']');
}

pub(super) fn by_key(seed: u64, keys: &[(&str, &str)]) -> Groups {
    Groups::Map(values(&mut Rng::with_seed(seed), keys))
}

pub(super) fn by_month(seed: u64, months: u32) -> Groups {
    let mut random = Rng::with_seed(seed);
    Groups::Map((0..months).map(month).map(|month| (month.clone(), month, Some(random.u32(80..3_000)))).collect())
}

pub(super) fn distributed(seed: u64, months: u32, keys: &[(&str, &str)]) -> Groups {
    let mut random = Rng::with_seed(seed);
    Groups::HyperMap((0..months).map(|index| (month(index), values(&mut random, keys))).collect())
}

fn values(random: &mut Rng, keys: &[(&str, &str)]) -> Vec<Group> {
    let mut value = || if random.u32(0..8) == 0 { None } else { Some(random.u32(1..5_000)) };
    keys.iter().map(|(key, label)| ((*key).to_owned(), (*label).to_owned(), value())).collect()
}

/// The first instant of a month from January 2023 on, as Optimize writes it.
fn month(index: u32) -> String {
    format!("{}-{:02}-01T00:00:00.000+0000", 2023 + index / 12, index % 12 + 1)
}
