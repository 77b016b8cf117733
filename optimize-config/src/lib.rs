#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod auth;
mod bounded;
mod certificates;
mod draft;
mod duration;
mod effects;
mod env_layer;
#[doc(hidden)]
pub mod env_vars;
mod error;
mod explain;
mod file;
#[doc(hidden)]
pub mod input;
mod json_schema;
mod keys;
mod layers;
mod load;
mod options;
mod overrides;
#[doc(hidden)]
pub mod ownership;
mod paths;
mod preset;
mod secret_command;
mod secrets;
mod setting;
mod settings;
#[doc(hidden)]
pub mod sha256;
#[doc(hidden)]
pub mod shell;
mod suggest;
mod token_request;
mod trust;
mod trust_store;
mod types;
mod user_file;

pub use env_vars::Environment;
pub use error::{Error, ErrorKind};
pub use options::{Options, client};

/// The parts that the command line is built from. They may change with every release, even a patch release.
#[doc(hidden)]
pub mod tool {
    pub use crate::auth::{AskSecret, Occasion, uses_token_endpoint};
    pub use crate::bounded::Bounded;
    pub use crate::certificates::check as check_certificates;
    pub use crate::draft::Draft;
    pub use crate::duration::duration;
    pub use crate::effects::effects;
    pub use crate::explain::Explained;
    pub use crate::file::{ConfigFile, is_plain};
    pub use crate::json_schema::json_schema;
    pub use crate::keys::{Key, Reach};
    pub use crate::load::{FilePlace, Files, Loaded, places, user_profiles};
    pub use crate::overrides::Overrides;
    pub use crate::paths::{cache_directory, data_directory, home};
    pub use crate::settings::{DEFAULT_TIMEOUT, SANDBOX_PROFILE, Settings, check_value, read_secret};
    pub use crate::suggest::did_you_mean;
    pub use crate::token_request::RequestSource;
    pub use crate::trust_store::TrustStore;
    pub use crate::types::{OUTPUT_FORMATS, TokenCachePlace};
    pub use crate::user_file::UserFile;
}
