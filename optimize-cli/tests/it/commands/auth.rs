mod status;
mod token;
