//! The helper's side of the protocol.

use secrecy::zeroize::Zeroizing;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::protocol::{ErrorKind, Granted, Hello, Problem, Request, Response, VERSION, line};
use super::run::LINE_LIMIT;

/// Greets the host on `output`, reads its request from `input`, and returns what `handle` makes of it.
///
/// Answers are checked for version and form before `handle` sees them. Fails only if the pipes do.
pub async fn serve<F>(
    hello: &Hello,
    input: impl AsyncBufRead + Unpin,
    mut output: impl AsyncWrite + Unpin,
    handle: impl FnOnce(Request) -> F,
) -> std::io::Result<()>
where
    F: Future<Output = Result<Granted, Problem>>,
{
    output.write_all(&line(hello)).await?;
    output.flush().await?;
    let mut request = Zeroizing::new(Vec::new());
    input.take(LINE_LIMIT as u64 + 1).read_until(b'\n', &mut request).await?;
    if request.is_empty() {
        // The host only wanted to know who is there.
        return Ok(());
    }
    let (id, outcome) = match serde_json::from_slice::<Request>(&request) {
        Ok(request) if request.v == VERSION => (request.id.clone(), handle(request).await),
        Ok(request) => (request.id, Err(Problem::new(ErrorKind::Unsupported, "another version of the protocol"))),
        Err(_) => (String::new(), Err(Problem::new(ErrorKind::Other, "the request is not of the protocol's form"))),
    };
    output.write_all(&line(&Response::new(id, outcome))).await?;
    output.flush().await
}
