//! Readers of foreign bytes, for fuzz targets. Not part of the crate.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::endpoint::read_response;
use crate::exec::{Hello, Helper, Op, Response, Target, serve};
use crate::secret::is_hidden;
use crate::strategy::exec::Exec;

/// A response of a token endpoint. Fails if a text in its error is not fit to be shown, or repeats the secret.
pub fn token_response(status: u16, body: &[u8], secret: &str) {
    let Ok(status) = StatusCode::from_u16(status) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Err(problem) = read_response(status, &headers, body.to_vec(), &[secret]) {
        assert!(!problem.contains(is_hidden) && !problem.contains(secret), "{problem:?}");
    }
}

/// A record in a token store.
pub fn stored_token(bytes: &[u8]) {
    let _ = crate::Token::from_record(bytes);
}

/// What a helper writes, and what a host writes to a helper.
pub fn helper_message(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without I/O");
    runtime.block_on(async {
        let _ = serde_json::from_slice::<Hello>(bytes);
        if let Ok(Response { ok: Some(granted), .. }) = serde_json::from_slice(bytes) {
            let helper = Helper::new(vec!["/helper".to_owned()]).expect("an absolute path");
            if let Err(error) = Exec::new(helper, Target::default()).token(granted).await {
                assert!(!error.to_string().contains(is_hidden), "{error}");
            }
        }
        let hello = Hello::new("fuzz", "1", &[Op::Get]);
        let mut output = Vec::new();
        let refuse = |_| async { Err(crate::exec::Problem::new(crate::exec::ErrorKind::Other, "no")) };
        serve(&hello, bytes, &mut output, refuse).await.expect("memory can be written");
    });
}
