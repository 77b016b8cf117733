mod auth;
mod dashboard;
mod plugin;
mod ready;
mod report;
mod sandbox;
