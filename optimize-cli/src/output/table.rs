//! Tables for people: the columns that fit, each batch under the same heading.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Batch;
use super::look::Look;
use super::row::{Cell, Column, RenderError, cells};
use crate::text::visible;

/// Wider cells are cut.
const WIDEST: usize = 48;
/// Between two columns.
const GAP: usize = 2;

/// The layout is that of the first batch, so that rows can be shown as they come.
#[derive(Debug)]
pub(crate) struct TableWriter {
    /// If long cells go on in the next line rather than be cut, all rows are in one batch.
    look: Look,
    layout: Option<Layout>,
}

#[derive(Debug)]
struct Layout {
    columns: Vec<(Column, usize)>,
    hidden: usize,
}

impl TableWriter {
    pub(crate) fn new(look: Look) -> Self {
        Self { look, layout: None }
    }

    pub(crate) fn write(&mut self, batch: &Batch, out: &mut dyn Write) -> Result<(), RenderError> {
        let rows = batch.rows().iter().map(|row| cells(row)).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(());
        }
        if let Batch::Record(_) = batch {
            let chosen = &self.look.columns;
            let cells = rows.into_iter().flatten().filter(|(column, _)| chosen.is_empty() || chosen.contains(column));
            let lines: Vec<_> = cells.map(|(column, cell)| [heading(&column), shown(cell)]).collect();
            let width = lines.iter().map(|[name, _]| name.width()).max().unwrap_or_default();
            return lines.iter().try_for_each(|[name, value]| {
                let gap = " ".repeat(width - name.width() + GAP);
                Ok(writeln!(out, "{}{gap}{value}", styled(name, self.look.is_styled))?)
            });
        }
        if self.look.wraps {
            write_wrapped(&rows, &self.look, out)?;
            return Ok(());
        }
        let is_first = self.layout.is_none();
        let layout = self.layout.get_or_insert_with(|| Layout::for_rows(&rows, &self.look));
        layout.write(&rows, is_first, &self.look, out)?;
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
    /// Columns that say something come first, those with nested values last; as many as the screen is wide. Those that
    /// were chosen come all, in their order.
    fn for_rows(rows: &[Vec<(Column, Cell<'_>)>], look: &Look) -> Self {
        let mut found: Vec<(Column, usize, u8)> = Vec::new();
        for column in &look.columns {
            found.push((column.clone(), heading(column).width(), 0));
        }
        for (column, cell) in rows.iter().flatten() {
            let rank = if cell.is_empty() { 2 } else { u8::from(cell.is_nested()) };
            let width = shown(*cell).width().max(heading(column).width()).min(WIDEST).min(look.width);
            match found.iter_mut().find(|(known, ..)| known == column) {
                Some((_, widest, best)) => (*widest, *best) = (width.max(*widest), rank.min(*best)),
                None if look.columns.is_empty() => found.push((column.clone(), width, rank)),
                None => {}
            }
        }
        let columns =
            |found: Vec<(Column, usize, u8)>| found.into_iter().map(|(column, width, _)| (column, width)).collect();
        if !look.columns.is_empty() {
            return Self { columns: columns(found), hidden: 0 };
        }
        found.sort_by_key(|(_, _, rank)| *rank);
        let mut left = look.width + GAP;
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
        Self { columns: columns(found), hidden }
    }

    fn write(
        &self,
        rows: &[Vec<(Column, Cell<'_>)>],
        with_heading: bool,
        look: &Look,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        if with_heading {
            let headings = self.columns.iter().map(|(column, width)| padded(&heading(column), *width));
            writeln!(out, "{}", styled(headings.collect::<String>().trim_end(), look.is_styled))?;
        }
        for row in rows {
            let cells = self.columns.iter().map(|(wanted, width)| {
                let cell = row.iter().find(|(column, _)| column == wanted).map(|(_, cell)| shown(*cell));
                let text = padded(&cell.unwrap_or_default(), *width);
                match &look.page {
                    Some(page) if *wanted == Column::Member("id".to_owned()) => linked(page, &text),
                    _ => text,
                }
            });
            writeln!(out, "{}", cells.collect::<String>().trim_end())?;
        }
        Ok(())
    }
}

/// A text of a column that is so wide, and the gap after it.
fn padded(text: &str, width: usize) -> String {
    let cut = cut(text, width);
    let gap = " ".repeat(width.saturating_sub(cut.width()) + GAP);
    cut + &gap
}

/// A heading.
fn styled(text: &str, is_styled: bool) -> String {
    let style = anstyle::Style::new().bold();
    if is_styled { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// A padded id that leads to its page, by the escape sequence OSC 8.
fn linked(page: &str, text: &str) -> String {
    let id = text.trim_end();
    // An id that is cut, or that an address or a terminal would read in another way, is shown without a link.
    if !crate::text::is_completable(id) {
        return text.to_owned();
    }
    format!("\u{1b}]8;;{page}{id}\u{1b}\\{id}\u{1b}]8;;\u{1b}\\{}", &text[id.len()..])
}

/// Everything there is, in lines no longer than the screen is wide.
fn write_wrapped(rows: &[Vec<(Column, Cell<'_>)>], look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let is_chosen = |column: &Column| look.columns.is_empty() || look.columns.contains(column);
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_width(u16::try_from(look.width).unwrap_or(u16::MAX));
    let first = rows.iter().take(1).flatten().filter(|(column, _)| is_chosen(column));
    table.add_row(first.map(|(column, _)| heading(column)));
    for row in rows {
        let cells = row.iter().filter(|(column, _)| is_chosen(column));
        table.add_row(cells.map(|(_, cell)| shown(*cell)).collect::<Vec<_>>());
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, u16::try_from(GAP).unwrap_or_default()));
    }
    for (place, line) in table.lines().enumerate() {
        let line = line.trim_end();
        writeln!(out, "{}", styled(line, look.is_styled && place == 0))?;
    }
    Ok(())
}

/// One line of visible text: what a server sends must not move the cursor of a terminal.
fn shown(cell: Cell<'_>) -> String {
    if cell.json() == "[]" {
        return String::new();
    }
    visible(&cell.text()).into_owned()
}

/// The heading of a column. Members and variables get their names from the person who deploys a process.
fn heading(column: &Column) -> String {
    visible(&column.heading()).into_owned()
}

/// A text that is no wider, by the columns of a terminal that its characters take.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut left = width.saturating_sub(1);
    let fitting = text.chars().take_while(|character| {
        let wide = character.width().unwrap_or_default();
        let fits = wide <= left;
        left = left.saturating_sub(wide);
        fits
    });
    fitting.chain(['…']).collect()
}
