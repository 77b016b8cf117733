#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod apply;
mod check;
mod diff;
mod entity;
mod environment;
mod error;
mod files;
mod journal;
mod json;
mod kind;
mod lock;
mod made;
mod plan;
mod project;
mod remote;
mod replace;
mod scope;
mod slug;
mod tidy;
mod versions;

pub use apply::{Applied, New};
#[cfg(fuzzing)]
pub use check::check_definitions;
pub use check::{Checked, check};
pub use diff::{Change, Difference, Status};
pub use entity::{Entity, Key};
pub use environment::{Environment, Hold, PullRules, Pulled};
pub use error::{Error, ErrorKind};
pub use json::Json;
pub use kind::Kind;
pub use plan::{Group, Plan, Planned, Replaced, Rules};
pub use project::{FILE, Project};
pub use replace::Replacement;
pub use scope::{ScopeChange, Source};
pub use slug::file_slug;
pub use tidy::{check as check_files, format as format_files};
