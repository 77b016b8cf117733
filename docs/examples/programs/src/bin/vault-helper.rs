//! A credential helper: it hands out the token in the file that its argument names.
//!
//! Configure it with `auth.command = ["/path/to/vault-helper", "/run/secrets/token"]`.

use optimize_auth::exec::{ErrorKind, Granted, Hello, Op, Problem, Request, serve};
use optimize_auth::read_secret_file;
use tokio::io::BufReader;

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let hello = Hello::new("vault-helper", env!("CARGO_PKG_VERSION"), &[Op::Get]);
    serve(&hello, BufReader::new(tokio::io::stdin()), tokio::io::stdout(), |request| async move { answer(&request) })
        .await
}

fn answer(request: &Request) -> Result<Granted, Problem> {
    if request.op != Op::Get.as_str() {
        return Err(Problem::new(ErrorKind::Unsupported, "only get"));
    }
    let file = std::env::args().nth(1).ok_or_else(|| Problem::new(ErrorKind::Other, "expected the path of a file"))?;
    match read_secret_file(file.as_ref(), "token") {
        Ok(token) => Ok(Granted::bearer(token).with_cache("session")),
        Err(error) => Err(Problem::new(ErrorKind::NotFound, error.to_string())),
    }
}
