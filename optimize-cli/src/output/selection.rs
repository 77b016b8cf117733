//! The columns that `--columns` chooses.

use std::collections::BTreeSet;

use super::row::{Column, RenderError, cells};
use crate::json_text::JsonText;

/// More names are not kept for suggestions.
const MOST_KNOWN: usize = 10_000;

/// Picks the chosen cells of each row, and notes which columns no row has had. Without chosen columns it picks all cells.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    chosen: Vec<Chosen>,
    /// The headings that were in rows so far, for suggestions.
    known: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Chosen {
    column: Column,
    /// Where the cell was in the last row.
    place: usize,
    is_found: bool,
}

impl Selection {
    pub(crate) fn new(headings: &[String]) -> Self {
        let mut selection = Self::default();
        for heading in headings {
            let column = Column::named(heading);
            if selection.columns().all(|known| *known != column) {
                selection.chosen.push(Chosen { column, place: 0, is_found: false });
            }
        }
        selection
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// The chosen columns in their order.
    pub(crate) fn columns(&self) -> impl Iterator<Item = &Column> {
        self.chosen.iter().map(|chosen| &chosen.column)
    }

    /// The chosen cells of a row, or all cells if none were chosen. Cells that the row does not have are left out.
    pub(crate) fn cells<'a>(&mut self, row: &'a [u8]) -> Result<Vec<(Column, JsonText<'a>)>, RenderError> {
        let all = cells(row)?;
        if self.is_empty() {
            return Ok(all);
        }
        let mut picked = Vec::with_capacity(self.chosen.len());
        for chosen in &mut self.chosen {
            if let Some(cell) = chosen.pick(&all) {
                chosen.is_found = true;
                picked.push((chosen.column.clone(), cell));
            }
        }
        if self.missing().is_some() {
            self.learn(&all);
        }
        Ok(picked)
    }

    /// The first chosen column that no row has had.
    pub(crate) fn missing(&self) -> Option<String> {
        self.chosen.iter().find(|chosen| !chosen.is_found).map(|chosen| chosen.column.heading())
    }

    /// The headings that could have been meant.
    pub(crate) fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    fn learn(&mut self, all: &[(Column, JsonText<'_>)]) {
        for (column, cell) in all {
            let heading = column.heading();
            for name in cell.member_names() {
                if self.known.len() < MOST_KNOWN {
                    self.known.insert(format!("{heading}.{name}"));
                }
            }
            if self.known.len() < MOST_KNOWN {
                self.known.insert(heading);
            }
        }
    }
}

impl Chosen {
    /// The cell of this column, or of the member inside a cell that its dots lead to.
    fn pick<'a>(&mut self, all: &[(Column, JsonText<'a>)]) -> Option<JsonText<'a>> {
        if all.get(self.place).is_none_or(|(column, _)| *column != self.column) {
            let Some(place) = all.iter().position(|(column, _)| *column == self.column) else {
                let path = self.column.heading();
                return all.iter().find_map(|(column, cell)| {
                    cell.at(path.strip_prefix(column.heading().as_str())?.strip_prefix('.')?)
                });
            };
            self.place = place;
        }
        Some(all[self.place].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picked(headings: &[&str], row: &str) -> (String, Option<String>) {
        let headings: Vec<_> = headings.iter().map(|heading| (*heading).to_owned()).collect();
        let mut selection = Selection::new(&headings);
        let cells = selection.cells(row.as_bytes()).unwrap();
        let cells: Vec<_> =
            cells.iter().map(|(column, cell)| format!("{}={}", column.heading(), cell.json())).collect();
        (cells.join(" "), selection.missing())
    }

    #[test]
    fn dots_lead_into_members_unless_a_name_has_them() {
        let row = r#"{"a":{"b":{"c.d":1,"c":{"e":2}}},"a.b":3,"variables":{"x.y":4,"z":"{}"},"list":[5]}"#;
        assert_eq!(picked(&["a.b"], row), ("a.b=3".to_owned(), None));
        assert_eq!(picked(&["a.b.c.d", "a.b.c.e"], row).0, "a.b.c.d=1 a.b.c.e=2");
        assert_eq!(picked(&["variable:x.y"], row).0, "variable:x.y=4");
        for heading in ["a.", "a.b.", "a.b.c.", ".a", "a..b", "list.0", "variable:z.x", "x.y", ""] {
            assert_eq!(picked(&[heading], row), (String::new(), Some(heading.to_owned())), "{heading}");
        }
    }

    #[test]
    fn a_column_that_a_later_row_has_is_not_missing() {
        let mut selection = Selection::new(&["late".to_owned(), "id".to_owned(), "late".to_owned()]);
        selection.cells(br#"{"id":1,"counts":{"all":1}}"#).unwrap();
        assert_eq!(selection.missing().as_deref(), Some("late"));
        assert_eq!(selection.known().collect::<Vec<_>>(), ["counts", "counts.all", "id"]);
        selection.cells(br#"{"late":null}"#).unwrap();
        assert_eq!(selection.missing(), None);
    }
}
