use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use optimize_auth::exec::{Conversation, Granted, Hello, Helper, LINE_LIMIT, Op, Previous, Target, VERSION};
use optimize_auth::{Clock, SystemClock};
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};
use crate::{ownership, supervisor};

/// Test a credential helper
///
/// It starts the helper several times, requests real credentials and checks them; it shows none.
#[derive(Args, Debug)]
pub(crate) struct TestCredential {
    /// The longest time for each test
    #[arg(long, value_name = "DURATION", value_parser = crate::config::duration, default_value = "10s")]
    patience: Duration,
    /// Also pass this environment variable to the helper; may be repeated
    #[arg(long, value_name = "NAME")]
    env_allow: Vec<String>,
    /// The helper and its arguments
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<String>,
}

/// The result of a test: what was seen, or what is wrong.
type Verdict = Result<String, String>;

/// Why a helper hands out nothing.
enum Refusal {
    /// It said so, in whatever way.
    Reported(String),
    /// It said nothing, or did not end.
    Late(String),
}

impl From<Refusal> for String {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Reported(problem) | Refusal::Late(problem) => problem,
        }
    }
}

struct Tester {
    helper: Helper,
    patience: Duration,
    target: Target,
}

impl TestCredential {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let mut command = self.command;
        // People type a path relative to where they are; a configuration may not.
        command[0] = std::path::absolute(&command[0]).map_or(command[0].clone(), |path| path.display().to_string());
        let environment = app.environment.for_helper(&self.env_allow).map_err(CliError::usage)?;
        ownership::check_command(&command)
            .map_err(|problem| CliError::config(format!("test the helper: {problem}")))?;
        let helper = Helper::new(command)?.with_environment(environment).with_timeout(self.patience);
        let helper = helper.with_supervisor(supervisor::prefix());
        let base_url = app.settings.base_url().ok().map(|url| url.to_string());
        let mut target = Target::default();
        target.base_url = base_url;
        target.audience = app.settings.audience()?;
        let tester = Tester { helper, patience: self.patience, target };
        let tests = tester.run().await;
        let all = tests.len();
        let failed = tests.iter().filter(|(_, verdict)| verdict.is_err()).count();
        let rows = tests.into_iter().map(|(test, verdict)| match verdict {
            Ok(detail) => json!({ "test": test, "outcome": "ok", "detail": detail }),
            Err(problem) => json!({ "test": test, "outcome": "fail", "detail": problem }),
        });
        let mut data = Data::rows(rows);
        data.wraps = true;
        data.failure = (failed > 0).then(|| CliError::incomplete(format!("{failed} of {all} tests failed")).stating());
        Ok(Outcome::Data(data))
    }
}

impl Tester {
    async fn run(&self) -> Vec<(&'static str, Verdict)> {
        let mut tests = vec![("greets the host and says which versions it speaks", self.greeting().await)];
        if tests[0].1.is_err() {
            // Nothing else can be expected of it.
            return tests;
        }
        tests.push(("answers a request for a credential", self.credential().await));
        tests.push(("takes members of a request that it does not know", self.unknown_member().await));
        tests.push(("hands out a credential after a rejection", self.rejected().await));
        tests.push(("refuses an operation that it does not know", self.unknown_operation().await));
        tests.push(("refuses another version of the protocol", self.unknown_version().await));
        tests.push(("refuses a request that is not JSON", self.not_json().await));
        tests.push(("outlives a line without end", self.flood().await));
        tests.push(("ends when the host goes away without asking", self.silence().await));
        tests.push(("waits for a slow host", self.slow_host().await));
        tests
    }

    async fn start(&self) -> Result<(Conversation, Hello), String> {
        let mut conversation = self.helper.start().map_err(|error| error.to_string())?;
        let hello = timeout(self.patience, conversation.hello()).await.map_err(|_| self.late())?;
        let hello = hello.map_err(|problem| with_stderr(&problem.to_string(), &conversation))?;
        Ok((conversation, hello))
    }

    fn late(&self) -> String {
        format!("no response within {:?}", self.patience)
    }

    fn request(&self, op: &str) -> Value {
        json!({
            "v": VERSION, "id": "test", "op": op, "reason": "missing", "target": self.target, "profile": null,
            "interactive": false, "deadline_ms": u64::try_from(self.patience.as_millis()).unwrap_or(u64::MAX), "previous": null,
        })
    }

    /// The credential with which the helper answers a request, or what is wrong.
    async fn ask(&self, request: &Value) -> Result<Granted, Refusal> {
        let (mut conversation, _) = self.start().await.map_err(Refusal::Late)?;
        self.ask_in(&mut conversation, request).await
    }

    async fn ask_in(&self, conversation: &mut Conversation, request: &Value) -> Result<Granted, Refusal> {
        let asked = async {
            conversation.send_raw(format!("{request}\n").as_bytes()).await?;
            conversation.response("test").await
        };
        match timeout(self.patience, asked).await {
            Ok(response) => {
                response.map_err(|problem| Refusal::Reported(with_stderr(&problem.to_string(), conversation)))
            }
            Err(_) => Err(Refusal::Late(with_stderr(&self.late(), conversation))),
        }
    }

    async fn greeting(&self) -> Verdict {
        let (_, hello) = self.start().await?;
        if !hello.can(Op::Get) {
            return Err("its `caps` do not name get".to_owned());
        }
        Ok(format!("{} {}, {}", hello.greeting.name, hello.greeting.version, hello.greeting.caps.join(", ")))
    }

    async fn credential(&self) -> Verdict {
        check(&self.ask(&self.request("get")).await?)
    }

    async fn unknown_member(&self) -> Verdict {
        let mut request = self.request("get");
        request["tomorrow"] = json!({ "a": [1] });
        request["target"]["tenant"] = json!("x");
        check(&self.ask(&request).await?)
    }

    async fn rejected(&self) -> Verdict {
        let (mut conversation, hello) = self.start().await?;
        let mut request = self.request(if hello.can(Op::Refresh) { "refresh" } else { "get" });
        request["reason"] = json!("rejected");
        request["previous"] =
            serde_json::to_value(Previous::new("0".repeat(32)).with_challenge("Bearer error=\"invalid_token\""))
                .unwrap_or_default();
        check(&self.ask_in(&mut conversation, &request).await?)
    }

    async fn unknown_operation(&self) -> Verdict {
        self.is_refused(&self.request("make-coffee")).await
    }

    async fn unknown_version(&self) -> Verdict {
        let mut request = self.request("get");
        request["v"] = json!(VERSION + 1);
        self.is_refused(&request).await
    }

    async fn not_json(&self) -> Verdict {
        self.is_refused(&json!("not an object")).await
    }

    async fn flood(&self) -> Verdict {
        let (mut conversation, _) = self.start().await?;
        let flood = vec![b'x'; 4 * LINE_LIMIT];
        // It may end at once, so that not all of it can be written.
        let _ = timeout(self.patience, conversation.send_raw(&flood)).await;
        conversation.close();
        self.ends(&mut conversation).await
    }

    async fn silence(&self) -> Verdict {
        let (mut conversation, _) = self.start().await?;
        conversation.close();
        self.ends(&mut conversation).await
    }

    async fn slow_host(&self) -> Verdict {
        let (mut conversation, _) = self.start().await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        check(&self.ask_in(&mut conversation, &self.request("get")).await?)
    }

    async fn is_refused(&self, request: &Value) -> Verdict {
        match self.ask(request).await {
            Ok(_) => Err("it responded as if nothing were wrong".to_owned()),
            Err(Refusal::Late(problem)) => Err(problem),
            Err(Refusal::Reported(problem)) => Ok(problem),
        }
    }

    async fn ends(&self, conversation: &mut Conversation) -> Verdict {
        let ended = conversation.ends_before(Instant::now() + self.patience).await;
        if ended { Ok("it ended".to_owned()) } else { Err(format!("it was still running after {:?}", self.patience)) }
    }
}

fn with_stderr(problem: &str, conversation: &Conversation) -> String {
    match conversation.stderr() {
        said if said.is_empty() => problem.to_owned(),
        said => format!("{problem} (it wrote: {said})"),
    }
}

/// Whether a credential can be used. The result holds no secret.
fn check(granted: &Granted) -> Verdict {
    let kind = granted.kind.as_str();
    let token = match kind {
        "bearer" => optimize_auth::Token::bearer(granted.secret.clone().ok_or("it has no `secret`")?),
        "header" => {
            let name = granted.name.as_deref().ok_or("it has no `name`")?;
            optimize_auth::Token::header(name, granted.value.clone().ok_or("it has no `value`")?)
        }
        "client_secret" | "client_assertion" if granted.secret.is_some() => return Ok(kind.to_owned()),
        "client_secret" | "client_assertion" => return Err("it has no `secret`".to_owned()),
        _ => return Err("its `kind` is not known".to_owned()),
    };
    token.map_err(|error| error.to_string())?;
    let Some(end) = &granted.expires_at else { return Ok(format!("{kind}, without an end")) };
    let end: Timestamp = end.parse().map_err(|_| "`expires_at` is not a date as RFC 3339 has it")?;
    if std::time::SystemTime::from(end) <= SystemClock.wall() {
        return Err("it has already expired".to_owned());
    }
    Ok(format!("{kind}, with an end"))
}
