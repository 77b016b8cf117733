//! What a program does around each request.

use std::fmt;
use std::sync::Arc;

use http::HeaderMap;
use optimize_auth::Observer;

use crate::operation::Operation;

type OnRequest = dyn Fn(&Operation, &mut HeaderMap) + Send + Sync;

#[derive(Clone, Default)]
pub(crate) struct Hooks {
    pub(crate) on_request: Option<Arc<OnRequest>>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (on_request, observer) = (self.on_request.is_some(), self.observer.is_some());
        f.debug_struct("Hooks").field("on_request", &on_request).field("observer", &observer).finish()
    }
}
