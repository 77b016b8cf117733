//! Kafka and NATS: brokers, members and the server are killed while messages are read, and none is lost.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::gate::{Gate, Rule};
use crate::harness::{Server, User};
use crate::variable;

/// Each thousandth message is no JSON.
const MESSAGES: usize = 100_000;
const POISON: usize = 1000;

/// A broker that is started, killed and started again on the same data.
struct Broker {
    kind: &'static str,
    directory: PathBuf,
    port: u16,
    process: Option<Child>,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Broker {
    fn new(kind: &'static str, user: &User) -> Self {
        let mut broker = Self { kind, directory: user.path(kind), port: free_port(), process: None };
        std::fs::create_dir_all(&broker.directory).unwrap();
        if kind == "kafka" {
            broker.format();
        }
        broker.start();
        broker
    }

    fn java(class: &str) -> Command {
        let mut java = Command::new("java");
        java.args(["-Xmx512m", "-XX:+UseSerialGC", "-cp", &variable("OPTIMIZE_TEST_KAFKA").unwrap(), class]);
        java
    }

    fn format(&self) {
        let (port, controller, data) = (self.port, free_port(), self.directory.join("data"));
        let properties = format!(
            "process.roles=broker,controller\nnode.id=1\ncontroller.quorum.voters=1@127.0.0.1:{controller}\n\
             listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{port}\ncontroller.listener.names=CONTROLLER\n\
             listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\nlog.dirs={}\n\
             offsets.topic.replication.factor=1\ntransaction.state.log.replication.factor=1\n\
             transaction.state.log.min.isr=1\nshare.coordinator.state.topic.replication.factor=1\n\
             share.coordinator.state.topic.min.isr=1\ngroup.initial.rebalance.delay.ms=0\n\
             offsets.topic.num.partitions=4\nauto.create.topics.enable=false\n",
            data.display()
        );
        std::fs::write(self.directory.join("server.properties"), properties).unwrap();
        let mut format = Self::java("kafka.tools.StorageTool");
        format.args(["format", "-t", "4L6g3nShT-eMCtK--X86sw", "-c"]).arg(self.directory.join("server.properties"));
        let output = format.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn start(&mut self) {
        let log = std::fs::File::create(self.directory.join("log")).unwrap();
        let mut command = if self.kind == "kafka" {
            let mut java = Self::java("kafka.Kafka");
            java.arg(self.directory.join("server.properties"));
            java
        } else {
            let mut nats = Command::new(variable("OPTIMIZE_TEST_NATS").unwrap());
            nats.args(["-js", "-a", "127.0.0.1", "-p", &self.port.to_string(), "-sd"]).arg(self.directory.join("data"));
            nats
        };
        let process = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        self.process = Some(process);
        wait(60, "the broker is up", || std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok());
    }

    fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Makes a topic with messages, by a client of others.
    fn produce(&self, count: usize, poison: usize) {
        let mut produce = Command::new(variable("OPTIMIZE_TEST_STREAM_PYTHON").unwrap());
        produce.arg(variable("OPTIMIZE_TEST_PRODUCE").unwrap());
        produce.args([self.kind, &format!("127.0.0.1:{}", self.port), "kpis", &count.to_string(), &poison.to_string()]);
        let output = produce.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn address(&self) -> String {
        let group = if self.kind == "kafka" { "group=optimize" } else { "consumer=optimize" };
        format!("{}://127.0.0.1:{}/kpis?{group}", self.kind, self.port)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}

/// Waits for what another process does; `what` says what did not happen.
fn wait(seconds: u32, what: &str, mut is_so: impl FnMut() -> bool) {
    for _ in 0..seconds * 5 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    panic!("it never came true that {what}");
}

fn terminate(process: &Child) {
    let status = Command::new("kill").args(["-TERM", &process.id().to_string()]).status().unwrap();
    assert!(status.success());
}

/// What the dead letters of all members hold, by the names of the messages.
fn dead(user: &User) -> BTreeSet<String> {
    let files = user.files().into_iter().filter(|name| name.starts_with("dead"));
    let lines = files.flat_map(|name| user.read(&name).lines().map(str::to_owned).collect::<Vec<_>>());
    lines
        .map(|line| {
            let letter: serde_json::Value = serde_json::from_str(&line).unwrap();
            letter["rejected.file"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// Two members, of which one is killed and a third one joins; the broker is killed, and the server is gone for a while.
fn nothing_is_lost(kind: &'static str) {
    let server = Server::new();
    let is_down = Arc::new(AtomicBool::new(false));
    let down = is_down.clone();
    let address = server.base_url().replace("http://", "");
    let gate =
        Gate::open(
            address.trim_end_matches('/'),
            move |_| {
                if down.load(Ordering::Relaxed) { Rule::Cut(0) } else { Rule::Pass }
            },
        );
    let user = User::of(&server).with("OPTIMIZE_BASE_URL", &format!("http://{}", gate.0));
    let mut broker = Broker::new(kind, &user);
    broker.produce(MESSAGES, POISON);
    let from = broker.address();
    let member = |name: &str| {
        let letters = format!("dead-{name}.ndjson");
        let line = [
            "variable",
            "ingest",
            "--from",
            &from,
            "--dead-letter",
            &letters,
            "--batch-size",
            "250",
            "--rate",
            "4000/s",
        ];
        user.command(&line).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let accepted = || server.ingested_variables().len();
    let (mut first, second) = (member("first"), member("second"));
    wait(120, "members have begun", || accepted() > 10_000);
    first.kill().unwrap();
    first.wait().unwrap();
    let third = member("third");
    let before = accepted();
    wait(120, "the others go on", || accepted() > before + 5000);
    broker.kill();
    std::thread::sleep(Duration::from_secs(2));
    broker.start();
    let before = accepted();
    wait(180, "members go on after the broker was killed", || accepted() > before + 5000);
    is_down.store(true, Ordering::Relaxed);
    std::thread::sleep(Duration::from_secs(15));
    is_down.store(false, Ordering::Relaxed);
    let all = MESSAGES - MESSAGES / POISON;
    wait(300, "everything has arrived", || accepted() >= all && dead(&user).len() >= MESSAGES / POISON);
    for mut process in [second, third] {
        terminate(&process);
        let status = process.wait().unwrap();
        assert_eq!(status.code(), Some(0), "a member that is asked to end");
    }
    // Each id once; which is one for each message.
    let ids: BTreeSet<_> =
        server.ingested_variables().iter().map(|variable| variable["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!((ids.len(), dead(&user).len()), (all, MESSAGES / POISON));
    assert!(ids.is_disjoint(&dead(&user)));
    // Everything is committed.
    let ran = user.run(&["variable", "ingest", "--from", &from, "--until-idle", "3s"]);
    assert_eq!((ran.code, ran.stdout.contains("\"rows\":0,")), (Some(0), true), "{ran}");
    println!("{kind}: {MESSAGES} messages, {} accepted, {} dead letters", ids.len(), MESSAGES / POISON);
}

#[test]
fn kafka_loses_nothing_whoever_is_killed() {
    if variable("OPTIMIZE_TEST_KAFKA").is_some() {
        nothing_is_lost("kafka");
    }
}

#[test]
fn nats_loses_nothing_whoever_is_killed() {
    if variable("OPTIMIZE_TEST_NATS").is_some() {
        nothing_is_lost("nats");
    }
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_so() {
    let Some(_) = variable("OPTIMIZE_TEST_KAFKA") else { return };
    let user = User::of_a_server();
    let broker = Broker::new("kafka", &user);
    broker.produce(3, 2);
    let from = broker.address();
    let problem = |from: &str| {
        let ran = user.run(&["variable", "ingest", "--from", from, "--until-idle", "1s"]);
        assert!(matches!(ran.code, Some(2 | 3)), "{ran}");
        ran.stderr
    };
    assert!(problem(&from.replace("kpis", "none")).contains("has no topic none"));
    assert!(problem(&format!("{from}&sasl=plain")).contains("sasl needs OPTIMIZE_STREAM_USER"));
    let port = free_port().to_string();
    assert!(problem(&from.replace(&broker.port.to_string(), &port)).contains("connect to Kafka"));
    let tls = problem(&format!("{from}&tls=true"));
    assert!(tls.contains("connect to Kafka"), "{tls}");
    // Without dead letters the first message that is none ends the run, and nothing of its batch is committed.
    let ran = user.run(&["variable", "ingest", "--from", &from, "--until-idle", "2s"]);
    assert!(ran.code == Some(8) && ran.stderr.contains("pass --dead-letter"), "{ran}");
    let line = ["variable", "ingest", "--from", &from, "--until-idle", "2s", "--dead-letter", "dead.ndjson"];
    let ran = user.run(&line);
    assert_eq!((ran.code, dead(&user).len()), (Some(0), 2), "{ran}");
}
