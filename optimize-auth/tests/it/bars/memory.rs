use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use optimize_sandbox::{Canary, Sandbox};

/// How often `wanted` stands in the memory of a process.
fn count(process: u32, wanted: &[u8]) -> usize {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found = 0;
    for line in maps.lines() {
        let mut fields = line.split_whitespace();
        let (range, mode) = (fields.next().unwrap(), fields.next().unwrap());
        // The kernel's own pages cannot be read.
        if !mode.starts_with("rw") || line.ends_with("[vvar]") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        memory.read_exact(&mut bytes).unwrap();
        found += bytes.windows(wanted.len()).filter(|window| *window == wanted).count();
    }
    found
}

/// Where cargo puts the example: beside the folder of this test.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/one_token")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn bar_06_no_copy_of_the_secret_is_left_in_memory_and_few_of_the_token() {
    let budget: serde_json::Value = serde_json::from_str(include_str!("../../memory-budget.json")).unwrap();
    let (secret, token) = (Canary::new(), Canary::new());
    let builder = Sandbox::builder().client_secret(secret.secret()).token_answer("access_token", token.secret().into());
    let sandbox = builder.start().await.unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), secret.secret()).unwrap();
    let mut process = Command::new(example())
        .args([&sandbox.token_url(), sandbox.client_id()])
        .arg(file.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "300\n", "it has got a token");
    let left = [("client_secret", &secret), ("token", &token)]
        .map(|(name, canary)| (name, count(process.id(), canary.secret().as_bytes()) as u64));
    drop(process.stdin.take());
    assert!(process.wait().unwrap().success());
    for (name, copies) in left {
        assert!(copies <= budget[name].as_u64().unwrap(), "{copies} copies of the {name} are left in memory");
    }
}
