//! Tables for people: the columns that fit, each batch under the same heading.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use optimize_bulk::{Batch, Cell, Column, Error, Selection, cells};

use super::look::Look;
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
    columns: Vec<(Column<'static>, usize)>,
    hidden: usize,
}

impl TableWriter {
    pub(crate) fn new(look: Look) -> Self {
        Self { look, layout: None, is_written: false }
    }

    pub(crate) fn write(&mut self, batch: &Batch, selection: &mut Selection, out: &mut dyn Write) -> Result<(), Error> {
        let rows = (1..).zip(batch.rows()).map(|(number, row)| match cells(row) {
            Some(cells) => Ok(selection.picked(cells)),
            None => Err(Error::Row(number, "it is not JSON".to_owned())),
        });
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        if rows.is_empty() {
            return Ok(());
        }
        self.is_written = true;
        if let Batch::Record(_) = batch {
            let cells = rows.into_iter().flatten();
            let lines: Vec<_> = cells.map(|(column, cell)| [heading(&column), shown(&cell)]).collect();
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
        rows: &[Vec<(Column<'_>, Cell<'_>)>],
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
    /// Columns with values come first, those with nested values last; as many as the screen is wide. Those that
    /// were chosen come all, in their order.
    fn for_rows(rows: &[Vec<(Column<'_>, Cell<'_>)>], selection: &Selection, screen: Option<usize>) -> Self {
        let widest_cell = screen.map_or(usize::MAX, |screen| screen.min(WIDEST));
        let mut found: Vec<(Column<'_>, usize, u8)> = Vec::new();
        for column in selection.columns() {
            found.push((column.clone(), heading(column).width(), 0));
        }
        for (column, cell) in rows.iter().flatten() {
            let rank = if cell.is_empty() { 2 } else { u8::from(cell.is_nested()) };
            let width = shown(cell).width().max(heading(column).width()).min(widest_cell);
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
        let columns = found.into_iter().map(|(column, width, _)| (column.into_owned(), width));
        Self { columns: columns.collect(), hidden }
    }

    fn write_heading(&self, look: &Look, out: &mut dyn Write) -> io::Result<()> {
        let headings = self.columns.iter().map(|(column, width)| padded(&heading(column), *width, look));
        writeln!(out, "{}", styled(headings.collect::<String>().trim_end(), look.is_styled))
    }

    fn write(&self, rows: &[Vec<(Column<'_>, Cell<'_>)>], look: &Look, out: &mut dyn Write) -> io::Result<()> {
        for row in rows {
            let cells = self.columns.iter().map(|(wanted, width)| {
                let cell = row.iter().find(|(column, _)| column == wanted).map(|(_, cell)| shown(cell));
                let text = padded(&cell.unwrap_or_default(), *width, look);
                match &look.page {
                    Some(page) if *wanted == Column::Member("id".into()) => linked(page, &text),
                    _ => text,
                }
            });
            writeln!(out, "{}", cells.collect::<String>().trim_end())?;
        }
        Ok(())
    }
}

/// How many columns a screen is wide enough for; at least one.
fn fitting(columns: &[(Column<'_>, usize, u8)], screen: usize) -> usize {
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

/// Everything there is, in lines no longer than the screen is wide: the widest columns wrap.
fn write_wrapped(rows: &[Vec<(Column<'_>, Cell<'_>)>], look: &Look, out: &mut dyn Write) -> io::Result<()> {
    let headings = rows.iter().take(1).flatten().map(|(column, _)| heading(column)).collect::<Vec<_>>();
    let cells = rows.iter().map(|row| row.iter().map(|(_, cell)| shown(cell)).collect::<Vec<_>>());
    let lines: Vec<_> = std::iter::once(headings).chain(cells).collect();
    let mut widths = vec![0; lines[0].len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = cell.width().max(*width);
        }
    }
    if let Some(screen) = look.width {
        let gaps = GAP * widths.len().saturating_sub(1);
        shrink(&mut widths, screen.saturating_sub(gaps));
    }
    for (place, line) in lines.iter().enumerate() {
        let cells: Vec<_> = line.iter().zip(&widths).map(|(cell, width)| wrapped(cell, *width)).collect();
        for number in 0..cells.iter().map(Vec::len).max().unwrap_or_default() {
            let parts = cells.iter().zip(&widths).map(|(parts, width)| {
                let part = parts.get(number).map_or("", String::as_str);
                format!("{part}{}", " ".repeat(width.saturating_sub(part.width()) + GAP))
            });
            let text = parts.collect::<String>();
            writeln!(out, "{}", styled(text.trim_end(), look.is_styled && place == 0))?;
        }
    }
    Ok(())
}

/// Takes from the widest columns until all fit, as far as each keeps room for a short word.
fn shrink(widths: &mut [usize], screen: usize) {
    const NARROWEST: usize = 8;
    while widths.iter().sum::<usize>() > screen {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

/// The lines of a cell, broken between words, or inside one that is too long.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.width());
        if line > 0 && line + 1 + word.width() > width {
            lines.push(String::new());
        } else if line > 0 {
            push(&mut lines, ' ');
        }
        for character in word.chars() {
            let line = lines.last().map_or(0, |line| line.width());
            if line + character.width().unwrap_or_default() > width {
                lines.push(String::new());
            }
            push(&mut lines, character);
        }
    }
    lines
}

fn push(lines: &mut [String], character: char) {
    if let Some(line) = lines.last_mut() {
        line.push(character);
    }
}

/// One line of visible text: what a server sends must not move the cursor of a terminal.
fn shown(cell: &Cell<'_>) -> String {
    if cell.json() == "[]" {
        return String::new();
    }
    visible(&cell.text()).into_owned()
}

/// The heading of a column. Members and variables get their names from the person who deploys a process.
fn heading(column: &Column<'_>) -> String {
    visible(&column.heading()).into_owned()
}

/// A string that is not wider, by the columns of a terminal that its characters take.
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

#[cfg(test)]
mod tests {
    use super::{shrink, wrapped};

    #[test]
    fn a_cell_is_broken_between_words_and_inside_long_ones() {
        assert_eq!(wrapped("the widest columns wrap", 10), ["the widest", "columns", "wrap"]);
        assert_eq!(wrapped("a word0123456789", 8), ["a", "word0123", "456789"]);
        assert_eq!(wrapped("", 8), [""]);
        assert_eq!(wrapped("漢字漢字", 4), ["漢字", "漢字"]);
    }

    #[test]
    fn the_widest_columns_shrink_first_and_keep_room_for_a_word() {
        let mut widths = [4, 60, 30];
        shrink(&mut widths, 64);
        assert_eq!(widths, [4, 30, 30]);
        let mut widths = [20, 20];
        shrink(&mut widths, 5);
        assert_eq!(widths, [8, 8]);
    }
}
