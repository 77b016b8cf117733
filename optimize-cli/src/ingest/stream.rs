//! Streams: a message is committed once the server has accepted what it holds, or once it is in the dead letters.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use optimize_api::{ErrorKind, Ingest as Batches};
use optimize_auth::{ClientAuth, ClientCredentials, Credentials, SecretString, ServiceUrl};
use optimize_bulk::{
    At, Content, Converter, Ingestible, Kept, Mapping, Message, Messages, RawRow, RejectForm, Rejects, StreamAddress,
    StreamCredentials, StreamError,
};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep};

use super::account::Account;
use super::args::Ingest;
use super::listen::Health;
use crate::app::App;
use crate::env_vars;
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// The first and the longest wait for a server or broker that fails.
const WAITS: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// How long a message that was dealt with waits for its commit.
const COMMIT_EVERY: Duration = Duration::from_millis(250);

/// Where rejected messages go.
enum DeadLetters {
    File(Rejects<File>, String),
    Topic(String),
}

struct Work<'a> {
    app: &'a App,
    source: Box<dyn Messages>,
    dead_letters: Option<DeadLetters>,
    account: Account,
    health: Health,
    end: oneshot::Receiver<()>,
    is_ending: bool,
    /// How many messages were dealt with since the last commit, and when that was.
    uncommitted: usize,
    committed: Instant,
}

/// Why the work ends.
enum Stop {
    /// It was asked to, or there is nothing more.
    Asked,
    Failed(CliError),
}

impl From<CliError> for Stop {
    fn from(error: CliError) -> Self {
        Self::Failed(error)
    }
}

impl Ingest {
    pub(super) async fn stream<T: Ingestible>(
        &self,
        app: &App,
        batches: Batches<T>,
        mapping: Mapping,
        address: &str,
    ) -> Result<Outcome, CliError> {
        let address = StreamAddress::parse(address).map_err(|error| CliError::usage(error.to_string()).stating())?;
        let dead_letters = self.dead_letter.as_deref().map(DeadLetters::open).transpose()?;
        // An address that is wrong is an error before anything is read.
        app.base_url().await?;
        let health = Health::default();
        if let Some(listen) = self.listen {
            let own = health.listen(listen).await?;
            app.printer.remark(&format!("listening at http://{own}/healthz and /metrics"));
        }
        let end = crate::signal::end_of_work();
        // As many as are sent at a time.
        let most = self.batch_size as usize * self.concurrency as usize;
        let source = address.open(&credentials(app)?, most).await.map_err(of_stream)?;
        app.printer.remark(&format!(
            "reading {} as a member of {}; a member that is killed keeps its share until its session times out",
            address.topic, address.group
        ));
        let account = Account::new("the dead letters have all of them");
        let mut work = Work {
            app,
            source,
            dead_letters,
            account,
            health,
            end,
            is_ending: false,
            uncommitted: 0,
            committed: Instant::now(),
        };
        let mut converter = Converter::new(mapping, self.rules());
        let stopped = work.run(self, most, &batches, &mut converter).await;
        // Others take over at once. A broker that is gone finds out by itself.
        let closed = work.source.close().await;
        if let (Err(error), Stop::Asked) = (&closed, &stopped) {
            app.printer.warning(&format!("leave the group: {error}"));
        }
        let mut account = work.account;
        // What came to the dead letters was dealt with as it was asked for.
        let is_done = matches!(stopped, Stop::Asked);
        if let Stop::Failed(error) = stopped {
            account.failure = Some(error);
        }
        app.tally.set_ingestion(account.summary(true));
        let mut data = Data::record(&account.summary(false));
        data.failure = if is_done && account.rows() > 0 { None } else { account.end(self.require_rows) };
        Ok(Outcome::Data(data))
    }
}

impl Work<'_> {
    async fn run<T: Ingestible>(
        &mut self,
        asked: &Ingest,
        most: usize,
        batches: &Batches<T>,
        converter: &mut Converter,
    ) -> Stop {
        let mut last = Instant::now();
        loop {
            let is_ending = self.has_signal();
            // What was dealt with a moment ago is committed together, since a commit costs as much as a batch. After a kill these
            // messages come again, which their ids make harmless.
            let is_due = is_ending || self.committed.elapsed() >= COMMIT_EVERY;
            if self.uncommitted > 0
                && (is_due || self.uncommitted >= 3 * most)
                && let Err(stop) = self.commit().await
            {
                return stop;
            }
            if is_ending {
                return Stop::Asked;
            }
            let messages = match self.next(asked.linger).await {
                Ok(messages) => messages,
                Err(stop) => return stop,
            };
            if messages.is_empty() {
                if self.uncommitted > 0
                    && let Err(stop) = self.commit().await
                {
                    return stop;
                }
                match asked.until_idle {
                    Some(idle) if last.elapsed() >= idle => return Stop::Asked,
                    _ => continue,
                }
            }
            self.health.state().messages += messages.len() as u64;
            self.health.state().in_flight = messages.len() as u64;
            if let Err(stop) = self.deal(&messages, batches, converter).await {
                return stop;
            }
            self.health.state().in_flight = 0;
            self.uncommitted += messages.len();
            last = Instant::now();
        }
    }

    /// Whether the work is to end.
    fn has_signal(&mut self) -> bool {
        if !self.is_ending && !matches!(self.end.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
            self.is_ending = true;
        }
        self.is_ending
    }

    /// The next messages, once the broker has some.
    async fn next(&mut self, linger: Duration) -> Result<Vec<Message>, Stop> {
        let mut wait = WAITS.0;
        loop {
            match self.source.next(linger).await {
                Ok(messages) => {
                    self.health.works();
                    return Ok(messages);
                }
                Err(error) => self.wait_after_stream(error, &mut wait).await?,
            }
        }
    }

    async fn wait_after_stream(&mut self, error: StreamError, wait: &mut Duration) -> Result<(), Stop> {
        let is_temporary = error.is_temporary;
        self.wait_after(of_stream(error), is_temporary, wait).await
    }

    /// Waits after a failure, longer each time. Fails if it cannot go away by itself, and if the work is to end.
    async fn wait_after(&mut self, error: CliError, is_temporary: bool, wait: &mut Duration) -> Result<(), Stop> {
        if !is_temporary {
            return Err(Stop::Failed(error));
        }
        if self.health.fails(&error.message()) {
            self.app.printer.warning(&format!("{}; waiting until it works again", error.message()));
        }
        if self.has_signal() {
            return Err(Stop::Failed(error));
        }
        tokio::select! {
            _ = &mut self.end => {
                self.is_ending = true;
                return Err(Stop::Failed(error));
            }
            () = sleep(*wait) => {}
        }
        *wait = (*wait * 2).min(WAITS.1);
        Ok(())
    }

    /// Brings messages to the server or to the dead letters.
    async fn deal<T: Ingestible>(
        &mut self,
        messages: &[Message],
        batches: &Batches<T>,
        converter: &mut Converter,
    ) -> Result<(), Stop> {
        let mut elements: Vec<(usize, T)> = Vec::with_capacity(messages.len());
        let mut rejected: Vec<(usize, String)> = Vec::new();
        let mut found = Vec::new();
        for (place, message) in messages.iter().enumerate() {
            let row = RawRow::of_message(At::Element(place as u64), Content::Json(&message.payload));
            match converter.convert(&row, Some(&message.id), &mut found) {
                Ok(()) => elements.extend(found.drain(..).map(|element| (place, element))),
                Err(problem) => rejected.push((place, problem.to_string())),
            }
        }
        let mut wait = WAITS.0;
        while !elements.is_empty() {
            let mut outcomes = batches.clone().send_keyed(futures_util::stream::iter(elements));
            let (mut left, mut failure) = (Vec::new(), None);
            while let Some(outcome) = outcomes.next().await {
                for (_, element) in &outcome.accepted {
                    self.account.accept(element.group());
                }
                self.health.state().accepted += outcome.accepted.len() as u64;
                rejected.extend(outcome.refused.into_iter().map(|refused| (refused.key, refused.problem)));
                if let Some(failed) = outcome.failed {
                    left.extend(failed.elements);
                    failure.get_or_insert(failed.error);
                }
            }
            // The later row of an id stays the later one.
            left.sort_by_key(|(place, _)| *place);
            elements = left;
            match failure {
                None => self.health.works(),
                Some(error) => {
                    let is_temporary = is_temporary(error.kind());
                    let waited = self.wait_after(error.into(), is_temporary, &mut wait).await;
                    if waited.is_err() {
                        self.account.failed += elements.len() as u64;
                    }
                    waited?;
                }
            }
        }
        self.bury(messages, rejected).await
    }

    /// Brings rejected messages to the dead letters: once each, whatever is wrong with what they hold.
    async fn bury(&mut self, messages: &[Message], mut rejected: Vec<(usize, String)>) -> Result<(), Stop> {
        rejected.sort_by_key(|(place, _)| *place);
        rejected.dedup_by_key(|(place, _)| *place);
        let count = rejected.len() as u64;
        for (place, reason) in rejected {
            let Message { id, payload, .. } = &messages[place];
            self.account.reject(None, id, &reason, self.app.printer);
            match &mut self.dead_letters {
                None => {
                    return Err(Stop::Failed(
                        CliError::incomplete(format!("{id} was rejected: {reason}"))
                            .stating()
                            .with_hint("pass --dead-letter FILE so that such messages go there and the others go on"),
                    ));
                }
                Some(DeadLetters::File(rejects, name)) => {
                    let written = rejects.write(id, "message", &reason, &Kept::of_json(payload));
                    written.map_err(|error| crate::output::of_bulk(error, name))?;
                }
                Some(DeadLetters::Topic(topic)) => {
                    let mut line = Rejects::new(Vec::new(), RejectForm::Ndjson);
                    let written = line.write(id, "message", &reason, &Kept::of_json(payload));
                    written.map_err(|error| crate::output::of_bulk(error, topic))?;
                    let (topic, payload) = (topic.clone(), line.into_inner());
                    let mut wait = WAITS.0;
                    while let Err(error) = self.source.publish(&topic, payload.trim_ascii_end().to_vec()).await {
                        self.wait_after_stream(error, &mut wait).await?;
                    }
                }
            }
        }
        if let (Some(DeadLetters::File(rejects, name)), 1..) = (&mut self.dead_letters, count) {
            // They are on the disk before the broker forgets the messages.
            rejects.get_mut().sync_data().map_err(|error| CliError::io(format!("write {name}"), error))?;
        }
        self.health.state().rejected += count;
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Stop> {
        let mut wait = WAITS.0;
        loop {
            match self.source.commit().await {
                Ok(()) => {
                    self.health.state().commits += 1;
                    (self.uncommitted, self.committed) = (0, Instant::now());
                    return Ok(());
                }
                // After a change of members the messages may be another's by now, whose ids make a second time harmless.
                Err(error) => {
                    tracing::info!(%error, "not committed");
                    self.wait_after_stream(error, &mut wait).await?;
                }
            }
        }
    }
}

/// Whether a failure of the server goes away without anybody's doing.
fn is_temporary(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ServerFault
            | ErrorKind::Unavailable
            | ErrorKind::Connect
            | ErrorKind::Interrupted
            | ErrorKind::Timeout
            | ErrorKind::Authentication
    )
}

fn of_stream(error: StreamError) -> CliError {
    CliError::config(error.problem).stating()
}

impl DeadLetters {
    fn open(text: &str) -> Result<Self, CliError> {
        if let Some(topic) = text.strip_prefix("topic:").filter(|topic| !topic.is_empty()) {
            return Ok(Self::Topic(topic.to_owned()));
        }
        let path = Path::new(text);
        if !matches!(path.extension().and_then(|ending| ending.to_str()), Some("ndjson" | "jsonl")) {
            return Err(CliError::usage(format!(
                "--dead-letter {text}: its ending must be .ndjson, or it is topic:NAME"
            ))
            .stating());
        }
        // Never replaced: it holds what a broker has forgotten.
        let file = File::options().create(true).append(true).read(true).open(path);
        let mut file = file.map_err(|error| CliError::io(format!("write {text}"), error))?;
        end_line(&mut file).map_err(|error| CliError::io(format!("write {text}"), error))?;
        Ok(Self::File(Rejects::new(file, RejectForm::Ndjson), text.to_owned()))
    }
}

/// A run that was killed may have left half a line.
fn end_line(file: &mut File) -> io::Result<()> {
    use std::io::{Read, Seek, SeekFrom};
    if file.metadata()?.len() == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    if last == *b"\n" { Ok(()) } else { file.write_all(b"\n") }
}

/// What a broker wants to know, from the environment.
fn credentials(app: &App) -> Result<StreamCredentials, CliError> {
    let setting =
        |name: &str| app.environment.setting(name).map(|value| value.map(str::to_owned)).map_err(CliError::from);
    let secret = |name: &str| Ok::<_, CliError>(setting(name)?.map(SecretString::from));
    let oauth = match (
        setting(env_vars::STREAM_CLIENT_ID)?,
        secret(env_vars::STREAM_CLIENT_SECRET)?,
        setting(env_vars::STREAM_TOKEN_URL)?,
    ) {
        (Some(id), Some(secret), Some(url)) => {
            let wrong = |error| CliError::config(format!("{}: {error}", env_vars::STREAM_TOKEN_URL)).stating();
            let url = ServiceUrl::parse(&url).map_err(wrong)?;
            let mut source = ClientCredentials::new(url, id, ClientAuth::Post(secret));
            if let Some(audience) = setting(env_vars::STREAM_AUDIENCE)? {
                source = source.with_audience(audience);
            }
            if let Some(scope) = setting(env_vars::STREAM_SCOPE)? {
                source = source.with_scope(scope);
            }
            Some(Credentials::new(source))
        }
        _ => None,
    };
    Ok(StreamCredentials {
        user: setting(env_vars::STREAM_USER)?,
        password: secret(env_vars::STREAM_PASSWORD)?,
        token: secret(env_vars::STREAM_TOKEN)?,
        oauth,
    })
}
