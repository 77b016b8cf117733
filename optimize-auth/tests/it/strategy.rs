mod client_credentials;
