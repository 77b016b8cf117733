//! Credential helpers: programs in any language that speak `optimize-credential` version 1.
//!
//! One JSON object a line. The helper begins with a [`Hello`]; the host returns one [`Request`], the helper with one
//! [`Response`], and that ends it. [`serve`] is the helper's side.

mod protocol;
pub(crate) mod run;
mod serve;

pub use protocol::{ErrorKind, Granted, Greeting, Hello, Op, Previous, Problem, Request, Response, Target, VERSION};
pub use run::{Conversation, Helper, HelperProblem, LINE_LIMIT};
pub use serve::serve;
