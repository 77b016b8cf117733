mod doctor;
mod helper;
#[cfg(unix)]
mod login;
mod logout;
mod status;
mod token;
