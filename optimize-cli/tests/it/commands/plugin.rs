mod examples;
mod external;
mod test_credential;
