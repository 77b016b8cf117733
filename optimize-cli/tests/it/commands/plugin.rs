mod test_credential;
