use super::*;

const TARGET: &str = "variables at https://optimize.example/";

/// A journal in which these ranges of rows were accepted, with the digests that `row` has.
fn journal(ranges: &[(u64, u64)]) -> Vec<u8> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut journal = Journal::open(file.path(), TARGET).unwrap();
    for (first, last) in ranges {
        journal.note((*first..=*last).map(|number| (number, digest(&row(number)))).collect()).unwrap();
    }
    std::fs::read(file.path()).unwrap()
}

fn row(number: u64) -> String {
    format!("{{\"row\":{number}}}")
}

/// The numbers of the rows that are sent of `count` rows with this content; `None` if the journal is refused.
fn sent(journal: &[u8], count: u64, content: impl Fn(u64) -> String) -> Option<Vec<u64>> {
    let (ranges, _) = read(journal, TARGET).ok()?;
    let mut skipper = Skipper { ranges: ranges.into(), held: Vec::new() };
    let mut sent = Vec::new();
    for number in 0..count {
        sent.extend(skipper.pass(number, digest(&content(number)), number).0);
    }
    sent.extend(skipper.finish());
    Some(sent)
}

#[test]
fn accepted_rows_are_skipped_and_others_are_sent() {
    let journal = journal(&[(3, 5), (0, 1), (9, 9)]);
    assert_eq!(sent(&journal, 12, row).unwrap(), [2, 6, 7, 8, 10, 11]);
    assert_eq!(sent(&journal, 5, row).unwrap(), [2, 3, 4], "a range whose end is missing is not the same range");
    assert_eq!(sent(&[], 2, row).unwrap(), [0, 1]);
}

#[test]
fn rows_of_other_content_are_sent_whatever_their_number() {
    let journal = journal(&[(0, 3), (4, 7)]);
    let changed = |number| if number == 5 { "other".to_owned() } else { row(number) };
    assert_eq!(sent(&journal, 8, changed).unwrap(), [4, 5, 6, 7]);
    let shifted = |number| row(number + 1);
    assert_eq!(sent(&journal, 8, shifted).unwrap(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn the_latest_of_ranges_that_overlap_holds() {
    let range = |first, last, name: &str| Range { first, last, sha256: name.to_owned() };
    let names = |ranges: Vec<Range>| settled(ranges).into_iter().map(|range| range.sha256).collect::<Vec<_>>();
    assert_eq!(names(vec![range(0, 9, "a"), range(10, 19, "b"), range(5, 12, "c")]), ["c"]);
    assert_eq!(names(vec![range(0, 9, "a"), range(10, 19, "b"), range(3, 4, "c")]), ["c", "b"]);
    assert_eq!(names(vec![range(5, 6, "a"), range(0, 9, "b"), range(0, 9, "c")]), ["c"]);
}

#[test]
fn a_journal_of_another_server_or_no_journal_is_refused() {
    let journal = journal(&[(0, 3)]);
    let (line, problem) = read(&journal, "variables at https://other.example/").unwrap_err();
    assert_eq!(
        (line, problem.as_str()),
        (
            1,
            "it is for variables at https://optimize.example/, and this run sends to variables at https://other.example/"
        )
    );
    for other in ["name,type\na,b\n", "{\"name\":\"a\"}\n", "x", "\n", "[1]\n\n"] {
        assert_eq!(read(other.as_bytes(), TARGET).unwrap_err().1, "it is not a journal", "{other}");
    }
}

#[test]
fn a_last_line_that_is_damaged_in_any_way_is_left_out() {
    let whole = journal(&[(0, 3), (4, 7)]);
    let second = whole.len() - whole.split_inclusive(|byte| *byte == b'\n').next_back().unwrap().len();
    for cut in second..whole.len() {
        assert_eq!(sent(&whole[..cut], 8, row).unwrap(), [4, 5, 6, 7], "cut at {cut}");
        // As after a power cut.
        assert_eq!(sent(&[&whole[..cut], &[0; 64]].concat(), 8, row).unwrap(), [4, 5, 6, 7], "NULs from {cut}");
    }
    assert_eq!(sent(&[&whole[..], &[0; 4096]].concat(), 8, row).unwrap(), Vec::<u64>::new());
    assert_eq!(sent(&[&whole[..], b"\xff\xfe rubbish\n"].concat(), 8, row).unwrap(), Vec::<u64>::new());
    for cut in 0..12 {
        assert_eq!(sent(&whole[..cut], 2, row).unwrap(), [0, 1], "the first line cut at {cut}");
    }
}

#[test]
fn a_journal_goes_on_after_a_damaged_end() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), [&journal(&[(0, 3)])[..], b"{\"accep\0\0\0"].concat()).unwrap();
    let mut reopened = Journal::open(file.path(), TARGET).unwrap();
    reopened.note(vec![(4, digest(&row(4)))]).unwrap();
    assert_eq!(std::fs::read(file.path()).unwrap(), journal(&[(0, 3), (4, 4)]));
}

#[test]
fn a_second_run_cannot_use_the_journal_of_one_that_runs() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let first = Journal::open(file.path(), TARGET).unwrap();
    let problem = Journal::open(file.path(), TARGET).err().unwrap().to_string();
    assert!(problem.ends_with("another run is using it"), "{problem}");
    drop(first);
    assert!(Journal::open(file.path(), TARGET).is_ok());
}

/// The mutations of the security review: none of them may lose a row.
#[test]
fn six_hundred_and_twenty_mutations_lose_no_row() {
    const ROWS: u64 = 400;
    let ranges: Vec<_> = (0..10).map(|index| (index * 20, index * 20 + 19)).collect();
    let whole = journal(&ranges);
    let accepted = 200;
    let mut random = fastrand::Rng::with_seed(15);
    let (mut refused, mut exact, mut again) = (0, 0, 0);
    for round in 0..620 {
        let bytes = mutated(&whole, &mut random);
        let Some(sent) = sent(&bytes, ROWS, row) else {
            refused += 1;
            continue;
        };
        for number in accepted..ROWS {
            assert!(sent.contains(&number), "round {round}: row {number} is lost");
        }
        if sent.len() as u64 == ROWS - accepted { exact += 1 } else { again += 1 }
    }
    assert_eq!(refused + exact + again, 620);
    assert!(exact > 20 && again > 20 && refused > 200, "{refused} refused, {exact} exact, {again} sent again");
}

fn mutated(whole: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let place = random.usize(..bytes.len());
    let lines = || whole.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>();
    match random.u8(..8) {
        0 => bytes[place] ^= 1 << random.u8(..8),
        1 => bytes[place] = random.u8(..),
        2 => {
            let digits: Vec<_> = (0..bytes.len()).filter(|index| bytes[*index].is_ascii_digit()).collect();
            bytes[digits[random.usize(..digits.len())]] = b'0' + random.u8(..10);
        }
        3 => bytes.truncate(place),
        4 => drop(bytes.remove(place)),
        5 => bytes.extend(vec![0; random.usize(1..600)]),
        6 => {
            let mut lines = lines();
            let line = lines[random.usize(..lines.len())].clone();
            lines.insert(random.usize(..=lines.len()), line);
            bytes = lines.concat();
        }
        _ => {
            let mut lines = lines();
            random.shuffle(&mut lines);
            bytes = lines.concat();
        }
    }
    bytes
}
