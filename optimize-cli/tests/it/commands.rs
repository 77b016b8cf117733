mod auth;
mod dashboard;
mod ready;
mod report;
mod sandbox;
