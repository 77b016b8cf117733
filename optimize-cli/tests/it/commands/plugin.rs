mod external;
mod test_credential;
