//! What a program does around each request.

use std::fmt;
use std::sync::Arc;

use http::{HeaderMap, StatusCode};

use crate::operation::Operation;

type OnRequest = dyn Fn(&Operation, &mut HeaderMap) + Send + Sync;
type OnResponse = dyn Fn(&Operation, StatusCode, &HeaderMap) + Send + Sync;

#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) on_request: Option<Arc<OnRequest>>,
    pub(crate) on_response: Option<Arc<OnResponse>>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { on_request, on_response } = self;
        let (on_request, on_response) = (on_request.is_some(), on_response.is_some());
        f.debug_struct("Hooks").field("on_request", &on_request).field("on_response", &on_response).finish()
    }
}
