//! Tables for people: the columns that fit, each batch under the same heading.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Batch;
use super::look::Look;
use super::row::{Column, RenderError};
use super::selection::Selection;
use crate::json_text::JsonText;
use crate::text::visible;

/// Wider cells are cut.
const WIDEST: usize = 48;
/// Between two columns.
const GAP: usize = 2;

/// The layout is that of the first batch, so that rows can be shown as they come.
#[derive(Debug)]
pub(crate) struct TableWriter {
    /// If long cells wrap rather than be cut, all rows are in one batch.
    look: Look,
    layout: Option<Layout>,
    /// Whether there was a row or a record.
    is_written: bool,
}

#[derive(Debug)]
struct Layout {
    columns: Vec<(Column, usize)>,
    hidden: usize,
}

impl TableWriter {
    pub(crate) fn new(look: Look) -> Self {
        Self { look, layout: None, is_written: false }
    }

    pub(crate) fn write(
        &mut self,
        batch: &Batch,
        selection: &mut Selection,
        out: &mut dyn Write,
    ) -> Result<(), RenderError> {
        let rows = batch.rows().iter().map(|row| selection.cells(row)).collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(());
        }
        self.is_written = true;
        if let Batch::Record(_) = batch {
            let cells = rows.into_iter().flatten();
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
        if self.layout.is_none() {
            self.begin(&rows, selection, out)?;
        }
        if let Some(layout) = &self.layout {
            layout.write(&rows, &self.look, out)?;
        }
        Ok(())
    }

    /// Decides the layout and writes the heading.
    fn begin(
        &mut self,
        rows: &[Vec<(Column, JsonText<'_>)>],
        selection: &Selection,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        self.layout.insert(Layout::for_rows(rows, selection, self.look.width)).write_heading(&self.look, out)
    }

    /// Returns a remark on what was left out, if anything was. A table without rows has the heading that is known.
    pub(crate) fn finish(mut self, selection: &Selection, out: &mut dyn Write) -> io::Result<Option<String>> {
        if self.layout.is_none() && !self.is_written && !selection.is_empty() {
            self.begin(&[], selection, out)?;
        }
        let Some(layout) = self.layout else { return Ok(None) };
        let all = layout.columns.len() + layout.hidden;
        Ok((layout.hidden > 0)
            .then(|| format!("{} of {all} columns shown; -o csv or -o ndjson have them all", layout.columns.len())))
    }
}

impl Layout {
    /// Columns that say something come first, those with nested values last; as many as the screen is wide. Those that
    /// were chosen come all, in their order.
    fn for_rows(rows: &[Vec<(Column, JsonText<'_>)>], selection: &Selection, screen: Option<usize>) -> Self {
        let widest_cell = screen.map_or(usize::MAX, |screen| screen.min(WIDEST));
        let mut found: Vec<(Column, usize, u8)> = Vec::new();
        for column in selection.columns() {
            found.push((column.clone(), heading(column).width(), 0));
        }
        for (column, cell) in rows.iter().flatten() {
            let rank = if cell.is_empty() { 2 } else { u8::from(cell.is_nested()) };
            let width = shown(*cell).width().max(heading(column).width()).min(widest_cell);
            match found.iter_mut().find(|(known, ..)| known == column) {
                Some((_, widest, best)) => (*widest, *best) = (width.max(*widest), rank.min(*best)),
                None => found.push((column.clone(), width, rank)),
            }
        }
        let mut hidden = 0;
        if selection.is_empty() {
            found.sort_by_key(|(_, _, rank)| *rank);
            let fitting = screen.map_or(found.len(), |screen| fitting(&found, screen));
            hidden = found.len() - fitting;
            found.truncate(fitting);
        }
        Self { columns: found.into_iter().map(|(column, width, _)| (column, width)).collect(), hidden }
    }

    fn write_heading(&self, look: &Look, out: &mut dyn Write) -> io::Result<()> {
        let headings = self.columns.iter().map(|(column, width)| padded(&heading(column), *width, look));
        writeln!(out, "{}", styled(headings.collect::<String>().trim_end(), look.is_styled))
    }

    fn write(&self, rows: &[Vec<(Column, JsonText<'_>)>], look: &Look, out: &mut dyn Write) -> io::Result<()> {
        for row in rows {
            let cells = self.columns.iter().map(|(wanted, width)| {
                let cell = row.iter().find(|(column, _)| column == wanted).map(|(_, cell)| shown(*cell));
                let text = padded(&cell.unwrap_or_default(), *width, look);
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

/// How many columns a screen is wide enough for; at least one.
fn fitting(columns: &[(Column, usize, u8)], screen: usize) -> usize {
    let ends = columns.iter().scan(0, |end, (_, width, _)| {
        *end += width + GAP;
        Some(*end)
    });
    ends.take_while(|end| *end <= screen + GAP).count().max(1).min(columns.len())
}

/// A text of a column that is so wide, and the gap after it. It is cut only for a screen.
fn padded(text: &str, width: usize, look: &Look) -> String {
    let text = if look.width.is_some() { cut(text, width) } else { text.to_owned() };
    let gap = " ".repeat(width.saturating_sub(text.width()) + GAP);
    text + &gap
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
fn write_wrapped(rows: &[Vec<(Column, JsonText<'_>)>], look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    table.add_row(rows.iter().take(1).flatten().map(|(column, _)| heading(column)));
    for row in rows {
        table.add_row(row.iter().map(|(_, cell)| shown(*cell)).collect::<Vec<_>>());
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
fn shown(cell: JsonText<'_>) -> String {
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
