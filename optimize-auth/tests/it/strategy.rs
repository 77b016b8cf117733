mod chain;
mod client_credentials;
#[cfg(unix)]
mod exec;
mod token_file;
