mod env_layer;
mod file;
mod layers;
mod secrets;
mod strategies;
mod token_request;
mod url;
