//! Tables for people: the columns that fit, each batch under the same heading.

use std::io::{self, Write};

use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, Width, presets};

use super::row::{Cell, Column, cells};
use super::{Batch, RenderError};

/// Wider cells are cut.
const WIDEST: usize = 48;
/// Between two columns.
const GAP: usize = 2;

/// The layout is that of the first batch, so that rows can be shown as they come.
#[derive(Debug)]
pub(crate) struct TableWriter {
    screen_width: usize,
    /// Whether long cells go on in the next line rather than be cut. All rows are then in one batch.
    wraps: bool,
    layout: Option<Layout>,
}

#[derive(Debug)]
struct Layout {
    columns: Vec<(Column, usize)>,
    hidden: usize,
}

impl TableWriter {
    pub(crate) fn new(screen_width: usize, wraps: bool) -> Self {
        Self { screen_width, wraps, layout: None }
    }

    pub(crate) fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), RenderError> {
        let rows = batch.rows().iter().map(|row| cells(row)).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(());
        }
        if let Batch::Record(_) = batch {
            let cells = rows.into_iter().flatten();
            let lines: Vec<_> = cells.map(|(column, cell)| [column.heading(), shown(cell)]).collect();
            let width = lines.iter().map(|[name, _]| name.chars().count()).max().unwrap_or_default();
            return lines.iter().try_for_each(|[name, value]| Ok(writeln!(out, "{name:width$}  {value}")?));
        }
        if self.wraps {
            write_wrapped(&rows, self.screen_width, out)?;
            return Ok(());
        }
        let is_first = self.layout.is_none();
        let layout = self.layout.get_or_insert_with(|| Layout::for_rows(&rows, self.screen_width));
        layout.write(&rows, is_first, out)?;
        Ok(())
    }

    /// A remark on what was left out, if anything was.
    pub(crate) fn finish(self) -> Option<String> {
        let layout = self.layout?;
        let all = layout.columns.len() + layout.hidden;
        (layout.hidden > 0)
            .then(|| format!("{} of {all} columns shown; -o csv or -o ndjson has them all", layout.columns.len()))
    }
}

impl Layout {
    /// Columns that say something come first, those with nested values last; as many as the screen is wide.
    fn for_rows(rows: &[Vec<(Column, Cell<'_>)>], screen_width: usize) -> Self {
        let mut found: Vec<(Column, usize, u8)> = Vec::new();
        for (column, cell) in rows.iter().flatten() {
            let rank = if cell.is_empty() { 2 } else { u8::from(cell.is_nested()) };
            let width = shown(*cell).chars().count().max(column.heading().chars().count()).min(WIDEST);
            match found.iter_mut().find(|(known, ..)| known == column) {
                Some((_, widest, best)) => (*widest, *best) = (width.max(*widest), rank.min(*best)),
                None => found.push((column.clone(), width, rank)),
            }
        }
        found.sort_by_key(|(_, _, rank)| *rank);
        let mut left = screen_width + GAP;
        let mut fitting = 0;
        for (_, width, _) in &found {
            if fitting > 0 && width + GAP > left {
                break;
            }
            left = left.saturating_sub(width + GAP);
            fitting += 1;
        }
        let hidden = found.len() - fitting;
        found.truncate(fitting);
        Self { columns: found.into_iter().map(|(column, width, _)| (column, width)).collect(), hidden }
    }

    fn write(&self, rows: &[Vec<(Column, Cell<'_>)>], with_heading: bool, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        if with_heading {
            table.add_row(self.columns.iter().map(|(column, _)| column.heading()));
        }
        for row in rows {
            let cells = self.columns.iter().map(|(wanted, width)| {
                let cell = row.iter().find(|(column, _)| column == wanted).map(|(_, cell)| shown(*cell));
                cut(&cell.unwrap_or_default(), *width)
            });
            table.add_row(Row::from(cells.collect::<Vec<_>>()));
        }
        for (column, (_, width)) in table.column_iter_mut().zip(&self.columns) {
            column.set_padding((0, u16::try_from(GAP).unwrap_or_default()));
            let width = u16::try_from(width + GAP).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::Absolute(Width::Fixed(width)));
        }
        table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
    }
}

/// Everything there is, in lines no longer than the screen is wide.
fn write_wrapped(rows: &[Vec<(Column, Cell<'_>)>], screen_width: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(screen_width).unwrap_or(u16::MAX));
    table.add_row(rows.iter().take(1).flatten().map(|(column, _)| column.heading()));
    for row in rows {
        table.add_row(row.iter().map(|(_, cell)| shown(*cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, u16::try_from(GAP).unwrap_or_default()));
    }
    table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
}

/// One line of printable text: what a server sends must not move the cursor of somebody's terminal.
fn shown(cell: Cell<'_>) -> String {
    cell.text().chars().map(|character| if character.is_control() { '␣' } else { character }).collect()
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}
