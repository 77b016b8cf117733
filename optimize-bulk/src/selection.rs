//! The columns that `--columns` chooses.

use std::collections::BTreeSet;

use crate::cell::Cell;
use crate::row::Column;
use crate::shape::Record;

/// More names are not kept for suggestions.
const MOST_KNOWN: usize = 10_000;

/// Picks the chosen cells of each row, and notes which columns no row has had. Without chosen columns it picks all cells.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    chosen: Vec<Chosen>,
    /// The headings that were in rows so far, for suggestions.
    known: BTreeSet<String>,
}

#[derive(Clone, Debug)]
struct Chosen {
    column: Column<'static>,
    /// Where the cell was in the last row.
    place: usize,
    is_found: bool,
}

impl Selection {
    /// These headings, in this order, each once.
    pub fn new(headings: &[String]) -> Self {
        let mut selection = Self::default();
        for heading in headings {
            let column = Column::named(heading);
            if selection.columns().all(|known| *known != column) {
                selection.chosen.push(Chosen { column, place: 0, is_found: false });
            }
        }
        selection
    }

    /// Whether none was chosen, which means all.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// The chosen columns in their order.
    pub fn columns(&self) -> impl Iterator<Item = &Column<'static>> {
        self.chosen.iter().map(|chosen| &chosen.column)
    }

    /// The chosen cells, or all if none were chosen. Cells that are not there are left out.
    pub fn picked<'a>(&mut self, all: Record<'a>) -> Record<'a> {
        if self.is_empty() {
            return all;
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
        picked
    }

    /// The first chosen column that no row has had.
    pub fn missing(&self) -> Option<String> {
        self.chosen.iter().find(|chosen| !chosen.is_found).map(|chosen| chosen.column.heading())
    }

    /// The headings that could have been meant.
    pub fn known(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(String::as_str)
    }

    fn learn(&mut self, all: &Record<'_>) {
        for (column, cell) in all {
            let heading = column.heading();
            let names = if let Cell::Json(json) = cell { Some(json.member_names()) } else { None };
            for name in names.into_iter().flatten() {
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
    fn pick<'a>(&mut self, all: &Record<'a>) -> Option<Cell<'a>> {
        if all.get(self.place).is_none_or(|(column, _)| *column != self.column) {
            let path = self.column.heading();
            let is_it = |column: &Column<'_>| {
                *column == self.column || matches!(column, Column::Part(..)) && column.heading() == path
            };
            let Some(place) = all.iter().position(|(column, _)| is_it(column)) else {
                return all.iter().find_map(|(column, cell)| {
                    cell.at(path.strip_prefix(column.heading().as_str())?.strip_prefix('.')?)
                });
            };
            self.place = place;
        }
        Some(all[self.place].1.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::cells;

    fn picked(headings: &[&str], row: &str) -> (String, Option<String>) {
        let headings: Vec<_> = headings.iter().map(|heading| (*heading).to_owned()).collect();
        let mut selection = Selection::new(&headings);
        let cells = selection.picked(cells(row.as_bytes()).unwrap());
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
        selection.picked(cells(br#"{"id":1,"counts":{"all":1}}"#).unwrap());
        assert_eq!(selection.missing().as_deref(), Some("late"));
        assert_eq!(selection.known().collect::<Vec<_>>(), ["counts", "counts.all", "id"]);
        selection.picked(cells(br#"{"late":null}"#).unwrap());
        assert_eq!(selection.missing(), None);
    }
}
