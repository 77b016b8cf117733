//! What the crate and everything below it logs. In a process of its own, since a log is the whole process's.

use std::io::Write;
use std::sync::{Arc, Mutex};

use optimize_auth::http::HttpOptions;
use optimize_auth::{Cached, ClientAuth, ClientCredentials, Credentials, ServiceUrl};
use optimize_sandbox::{Canary, Fault, FaultRule, Sandbox, Tls};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_trace_log_of_every_crate_holds_no_secret_over_http_1_and_http_2() {
    let log = Log::default();
    let writer = log.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    let (secret, token) = (Canary::new(), Canary::new());
    let faults = [
        None,
        Some(Fault::status(500)),
        Some(Fault::response(401, "application/json", format!("{{\"error\":\"{}\"}}", secret.secret()))),
        Some(Fault::response(400, "text/html", format!("<p>{}", secret.secret()))),
        Some(Fault::ResetBefore),
        Some(Fault::ResetAfter),
        Some(Fault::status(307).with_header("location", "http://127.0.0.1:1/")),
        Some(Fault::response(200, "application/json", "{")),
    ];
    for is_http_2 in [false, true] {
        for fault in &faults {
            for proof in [ClientAuth::Post, ClientAuth::Basic, ClientAuth::Json, ClientAuth::SecretJwt] {
                let builder = Sandbox::builder().client_secret(secret.secret());
                let builder = builder.token_response("access_token", token.secret().into());
                let builder = if is_http_2 { builder.tls(Tls::new()) } else { builder };
                let builder = match fault {
                    Some(fault) => builder.fault(FaultRule::new("/oauth/token", fault.clone())),
                    None => builder,
                };
                let sandbox = builder.start().await.expect("it starts");
                let url = ServiceUrl::parse(&sandbox.token_url()).expect("a good URL");
                let source = ClientCredentials::new(url, sandbox.client_id(), proof(secret.secret().to_owned().into()));
                let http = HttpOptions::default();
                let http = if is_http_2 { http.with_root_certificates(sandbox.ca_pem()) } else { http };
                let credentials: Credentials = Cached::new(source.with_http(http)).with_attempts(1).into();
                let outcome = credentials.headers().await;
                assert_eq!(outcome.is_ok(), fault.is_none(), "{fault:?}: {outcome:?}");
            }
        }
    }
    let log = log.0.lock().expect("nobody panics");
    let text = String::from_utf8_lossy(&log);
    assert!(text.contains("optimize_auth") && text.contains("hyper") && text.contains("h2"), "every crate logs");
    assert_eq!(secret.find(&log), None);
    assert_eq!(token.find(&log), None);
}
