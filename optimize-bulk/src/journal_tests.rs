use std::collections::BTreeMap;

use super::*;
use crate::known::{Fate, RowId};

const TARGET: &str = "variables at https://optimize.example/";

/// A row: the id of its element, and a value.
type Row = (u32, u32);

fn mark(row: Row) -> Mark {
    Mark::new(RowDigest::new(b"", [format!("{row:?}").as_bytes()]), &row.0.to_string())
}

/// A journal of rows that were accepted in blocks of so many.
fn journal(rows: &[Row], block: usize) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let (mut journal, known) = Journal::open(file.path(), TARGET).unwrap();
    assert!(known.is_empty());
    for rows in rows.chunks(block) {
        journal.note(&rows.iter().map(|row| mark(*row)).collect::<Vec<_>>()).unwrap();
    }
    std::fs::read(file.path()).unwrap()
}

/// The rows that are sent of a file, in their order.
fn sent(known: &mut Known, file: &[Row]) -> Vec<Row> {
    let (mut sent, mut held) = (Vec::new(), BTreeMap::new());
    for row in file {
        let own = mark(*row);
        match known.fate(own.content()) {
            Fate::Send => {
                held.remove(&row.0);
                known.sends(RowId::of(&own));
                sent.push(*row);
            }
            Fate::Skip(_) => drop(held.remove(&row.0)),
            Fate::Hold(_) => drop(held.insert(row.0, *row)),
        }
    }
    let left = known.left();
    sent.extend(held.into_values().filter(|row| left.contains(&RowId::of(&mark(*row)))));
    sent
}

fn sent_after(journal: &[u8], file: &[Row]) -> Vec<Row> {
    sent(&mut Known::new(parse(journal).map_err(|(_, problem)| problem).unwrap().marks), file)
}

fn rows(range: std::ops::Range<u32>) -> Vec<Row> {
    range.map(|id| (id, 0)).collect()
}

#[test]
fn exactly_the_changed_rows_of_a_corrected_or_moved_file_are_sent() {
    let journal = journal(&rows(0..100), 7);
    assert_eq!(sent_after(&journal, &rows(0..100)), []);
    assert_eq!(sent_after(&journal, &rows(50..120)), rows(100..120));
    let mut corrected = rows(0..100);
    corrected[31].1 = 9;
    corrected.remove(70);
    corrected.insert(3, (500, 0));
    assert_eq!(sent_after(&journal, &corrected), [(500, 0), (31, 9)]);
    corrected.reverse();
    assert_eq!(sent_after(&journal, &corrected), [(31, 9), (500, 0)]);
}

#[test]
fn the_last_row_of_an_id_stays_the_last() {
    // The server has (1, 2).
    let journal = journal(&[(1, 1), (2, 1), (1, 2)], 10);
    assert_eq!(sent_after(&journal, &[(1, 1), (2, 1), (1, 2)]), []);
    assert_eq!(sent_after(&journal, &[(1, 1), (2, 1)]), [(1, 1)], "back to what was before");
    assert_eq!(sent_after(&journal, &[(1, 2)]), []);
    assert_eq!(sent_after(&journal, &[(1, 9), (1, 2)]), [(1, 9), (1, 2)], "a row before it is new");
    assert_eq!(sent_after(&journal, &[(1, 1), (1, 9)]), [(1, 9)]);
    assert_eq!(sent_after(&journal, &[(1, 2), (1, 1)]), [(1, 1)], "the other way round");
}

proptest::proptest! {
    /// Whatever was accepted before, and whatever a file holds: in the end the server has the last row of each id.
    #[test]
    fn the_server_ends_with_the_last_row_of_each_id(
        before in proptest::collection::vec((0..4_u32, 0..3_u32), 0..20),
        file in proptest::collection::vec((0..4_u32, 0..3_u32), 0..20),
    ) {
        let mut server: BTreeMap<u32, u32> = before.iter().copied().collect();
        server.extend(sent_after(&journal(&before, 4), &file));
        for (id, value) in file.iter().copied().collect::<BTreeMap<_, _>>() {
            proptest::prop_assert_eq!(server[&id], value, "{:?}", id);
        }
    }
}

#[test]
fn a_journal_of_another_server_or_no_journal_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    drop(Journal::open(file.path(), TARGET).unwrap());
    let problem = Journal::open(file.path(), "variables at https://other.example/").unwrap_err().to_string();
    assert!(problem.contains("it is for variables at https://optimize.example/, and this run sends to"), "{problem}");
    for other in ["name,type\na,b\n", "{\"name\":\"a\"}\n", "x", "\n", "[1]\n\n"] {
        std::fs::write(file.path(), other).unwrap();
        let problem = Journal::open(file.path(), TARGET).unwrap_err().to_string();
        assert!(problem.contains("byte 0: it is not a journal"), "{problem}");
        assert_eq!(std::fs::read_to_string(file.path()).unwrap(), other);
    }
    let first = "{\"journal\":{\"version\":1,\"target\":\"x\"}}";
    std::fs::write(file.path(), format!("{first} {}\n", hexadecimal(&checksum(&[first.as_bytes()])[..4]))).unwrap();
    assert!(Journal::open(file.path(), TARGET).unwrap_err().to_string().contains("its version is 1, not 2"));
}

#[test]
fn a_damaged_end_is_cut_off_and_other_damage_is_an_error_with_its_place() {
    let whole = journal(&rows(0..20), 10);
    let second = whole.len() - (HEAD + 10 * MARK);
    for cut in second..whole.len() {
        assert_eq!(sent_after(&whole[..cut], &rows(0..20)), rows(10..20), "cut at {cut}");
        // As after a power cut.
        assert_eq!(sent_after(&[&whole[..cut], &[0; 64]].concat(), &rows(0..20)), rows(10..20), "zeros from {cut}");
    }
    assert_eq!(sent_after(&[&whole[..], &[0; 4096]].concat(), &rows(0..20)), []);
    let mut damaged = whole.clone();
    let first = second - (HEAD + 10 * MARK);
    damaged[first + 40] ^= 1;
    assert_eq!(parse(&damaged).map(|_| ()).unwrap_err(), (first as u64, "it is damaged".to_owned()));
    for cut in 0..12 {
        assert_eq!(sent_after(&whole[..cut], &rows(0..2)), rows(0..2), "the first line cut at {cut}");
    }
}

#[test]
fn a_journal_goes_on_after_a_damaged_end_and_shows_what_it_holds() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), [&journal(&rows(0..4), 4)[..], &[1, 2, 3]].concat()).unwrap();
    let summary = Journal::summary(file.path()).unwrap();
    assert_eq!((summary.accepted, summary.elements, summary.blocks, summary.cut_bytes), (4, 4, 1, 3));
    let (mut journal, mut known) = Journal::open(file.path(), TARGET).unwrap();
    assert_eq!(sent(&mut known, &rows(0..5)), [(4, 0)]);
    let problem = Journal::open(file.path(), TARGET).unwrap_err().to_string();
    assert!(problem.contains("another run is using it"), "{problem}");
    journal.note(&[mark((4, 0))]).unwrap();
    journal.sync().unwrap();
    drop(journal);
    let (_, mut known) = Journal::open(file.path(), TARGET).unwrap();
    assert_eq!(sent(&mut known, &rows(0..5)), []);
    assert_eq!(Journal::summary(file.path()).unwrap().cut_bytes, 0);
}

/// No damage, whatever it is, may lose a row that was not accepted.
#[test]
fn two_thousand_corruptions_lose_no_row() {
    const ROUNDS: u32 = 2000;
    let whole = journal(&rows(0..200), 20);
    let all = rows(0..400);
    let mut random = fastrand::Rng::with_seed(21);
    let (mut refused, mut exact, mut again) = (0, 0, 0);
    for round in 0..ROUNDS {
        let Ok(content) = parse(&corrupted(&whole, &mut random)) else {
            refused += 1;
            continue;
        };
        let sent = sent(&mut Known::new(content.marks), &all);
        for row in &all[200..] {
            assert!(sent.contains(row), "round {round}: row {row:?} is lost");
        }
        if sent.len() == 200 { exact += 1 } else { again += 1 }
    }
    assert_eq!(refused + exact + again, ROUNDS);
    assert!(exact > 50 && again > 100 && refused > 1000, "{refused} refused, {exact} exact, {again} sent again");
}

fn corrupted(whole: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let place = random.usize(..bytes.len());
    let first = memchr::memchr(b'\n', whole).unwrap() + 1;
    let blocks = || whole[first..].chunks(HEAD + 20 * MARK).map(<[u8]>::to_vec).collect::<Vec<_>>();
    let with = |blocks: Vec<Vec<u8>>| [&whole[..first], &blocks.concat()].concat();
    match random.u8(..9) {
        0 => bytes[place] ^= 1 << random.u8(..8),
        1 => bytes[place] = random.u8(..),
        2 => bytes.truncate(place),
        3 => drop(bytes.remove(place)),
        4 => bytes.insert(place, random.u8(..)),
        5 => bytes.extend(vec![0; random.usize(1..600)]),
        6 => {
            let mut blocks = blocks();
            let block = blocks[random.usize(..blocks.len())].clone();
            blocks.insert(random.usize(..=blocks.len()), block);
            bytes = with(blocks);
        }
        7 => {
            let mut blocks = blocks();
            blocks.remove(random.usize(..blocks.len()));
            bytes = with(blocks);
        }
        _ => {
            let mut blocks = blocks();
            random.shuffle(&mut blocks);
            bytes = with(blocks);
        }
    }
    bytes
}
