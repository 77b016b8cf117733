//! Which rows the server has, by a journal.

use std::collections::{HashMap, HashSet};

use crate::journal::{IdDigest, Mark, RowDigest};

/// Which rows the server has, and which of them must be sent all the same so that the last row of an id stays the last.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// In the order in which they were accepted.
    marks: Vec<Mark>,
    by_content: Vec<u32>,
    by_id: Vec<u32>,
    /// Of each mark: whether nothing else was accepted for its id later.
    is_last: Vec<bool>,
    /// Where the row is that is likely to come next.
    next: usize,
    /// Ids of which a row was sent in this run: rows of theirs that come later must be sent, too.
    live: HashSet<IdDigest>,
    /// Ids of which a row was skipped that is not what the server has for them: a later row must be.
    open: HashMap<IdDigest, u32>,
}

/// What to do with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Send it.
    Send,
    /// The server has it.
    Skip(RowId),
    /// The server has a later row of this id, which may come in this input: keep it until then.
    Hold(RowId),
}

/// The id of a row's element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowId(IdDigest);

impl RowId {
    /// Of the element that a mark is of.
    pub fn of(mark: &Mark) -> Self {
        Self(mark.id())
    }
}

impl Known {
    pub(crate) fn new(marks: Vec<Mark>) -> Self {
        // A journal has at most 4 GiB.
        let count = u32::try_from(marks.len()).unwrap_or(u32::MAX);
        let mark = |place: u32| marks[place as usize];
        let mut by_content: Vec<u32> = (0..count).collect();
        by_content.sort_unstable_by_key(|place| (mark(*place).content(), *place));
        let mut by_id: Vec<u32> = (0..count).collect();
        by_id.sort_unstable_by_key(|place| (mark(*place).id(), *place));
        let mut is_last = vec![false; marks.len()];
        for rows in by_id.chunk_by(|one, next| mark(*one).id() == mark(*next).id()) {
            let content = rows.last().map(|last| mark(*last).content());
            for place in rows.iter().rev().take_while(|place| Some(mark(**place).content()) == content) {
                is_last[*place as usize] = true;
            }
        }
        Self { marks, by_content, by_id, is_last, ..Self::default() }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// What to do with the next row, which has this content.
    pub fn fate(&mut self, content: RowDigest) -> Fate {
        let Some(place) = self.find(content) else { return Fate::Send };
        self.next = place + 1;
        let id = self.marks[place].id();
        if self.live.contains(&id) {
            return Fate::Send;
        }
        match self.open.get(&id).copied() {
            None if self.is_last[place] => Fate::Skip(RowId(id)),
            None => {
                // It fits: places are numbers of 32 bits.
                self.open.insert(id, u32::try_from(place).unwrap_or(u32::MAX));
                Fate::Hold(RowId(id))
            }
            Some(before) => self.goes_on(id, before, content),
        }
    }

    /// What to do with a row of an id of which an older row was held.
    fn goes_on(&mut self, id: IdDigest, before: u32, content: RowDigest) -> Fate {
        let later = self.of_id(id).iter().copied().find(|place| {
            *place > before && self.marks[*place as usize].content() != self.marks[before as usize].content()
        });
        let is_same = self.marks[before as usize].content() == content;
        match later {
            _ if is_same => Fate::Hold(RowId(id)),
            Some(place) if self.marks[place as usize].content() == content => {
                if self.is_last[place as usize] {
                    self.open.remove(&id);
                    return Fate::Skip(RowId(id));
                }
                self.open.insert(id, place);
                Fate::Hold(RowId(id))
            }
            _ => Fate::Send,
        }
    }

    /// Notes that a row of this id is sent. Returns whether a row that was held for it need not be.
    pub fn sends(&mut self, id: RowId) {
        if !self.is_empty() && !self.of_id(id.0).is_empty() {
            self.open.remove(&id.0);
            self.live.insert(id.0);
        }
    }

    /// The ids of rows that were held and that no later row has replaced: the server has another one, so that they must be sent.
    pub fn left(&mut self) -> HashSet<RowId> {
        let open = std::mem::take(&mut self.open);
        let is_other = |(id, place): &(IdDigest, u32)| {
            let last = self.of_id(*id).last().map(|last| self.marks[*last as usize].content());
            last != Some(self.marks[*place as usize].content())
        };
        open.into_iter().filter(is_other).map(|(id, _)| RowId(id)).collect()
    }

    fn find(&self, content: RowDigest) -> Option<usize> {
        if self.marks.get(self.next).is_some_and(|mark| mark.content() == content) {
            return Some(self.next);
        }
        let first = self.by_content.partition_point(|place| self.marks[*place as usize].content() < content);
        let place = *self.by_content.get(first)? as usize;
        (self.marks[place].content() == content).then_some(place)
    }

    fn of_id(&self, id: IdDigest) -> &[u32] {
        let begin = self.by_id.partition_point(|place| self.marks[*place as usize].id() < id);
        let end = begin + self.by_id[begin..].partition_point(|place| self.marks[*place as usize].id() == id);
        &self.by_id[begin..end]
    }
}
