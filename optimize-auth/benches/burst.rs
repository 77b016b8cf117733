//! Ten thousand callers without a token, beside as many waiting at a `tokio::sync::OnceCell` for a value that takes as long:
//! the CPU time of the whole process, and how many token requests there were.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use optimize_auth::{AuthError, Cached, Credentials, FetchContext, Token, TokenSource};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

const CALLERS: usize = 10_000;
/// How long a token request takes here, without any work.
const LATENCY: Duration = Duration::from_millis(100);

#[derive(Debug, Clone, Default)]
struct Source(Arc<AtomicU64>);

#[async_trait]
impl TokenSource for Source {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(LATENCY).await;
        Ok(Token::bearer("x".repeat(1000).into())?.with_lifetime(Duration::from_secs(3600)))
    }
}

fn cpu() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ProcessCPUTime)).unwrap_or_default()
}

/// The CPU time of so many concurrent calls.
async fn burst<F: Future<Output = ()> + Send + 'static>(call: impl Fn() -> F) -> Duration {
    let before = cpu();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(call());
    }
    callers.join_all().await;
    cpu().saturating_sub(before)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    // `cargo bench` says so; without it this is a test that the benchmark works.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 15 } else { 1 };
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let source = Source::default();
        let credentials: Credentials = Cached::new(source.clone()).into();
        let ours = burst(|| {
            let credentials = credentials.clone();
            async move { drop(credentials.headers().await.expect("a token")) }
        })
        .await;
        let cell = Arc::new(OnceCell::new());
        let other = burst(|| {
            let cell = cell.clone();
            async move {
                cell.get_or_init(|| tokio::time::sleep(LATENCY)).await;
            }
        })
        .await;
        let requests = source.0.load(Ordering::Relaxed);
        assert_eq!(requests, 1);
        ratios.push((ours.as_secs_f64() / other.as_secs_f64(), ours, other));
    }
    ratios.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (ratio, ours, other) = ratios[ratios.len() / 2];
    println!("{CALLERS} cold callers: 1 token request, {ours:.1?} CPU beside {other:.1?} at a OnceCell: {ratio:.2} ×");
}
