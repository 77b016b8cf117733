use optimize_auth::{
    AuthError, AuthErrorKind, Chain, Credentials, FetchContext, StaticBearer, Token, TokenFile, TokenSource,
};
use secrecy::ExposeSecret;

#[derive(Debug)]
struct Failing(AuthErrorKind);

#[async_trait::async_trait]
impl TokenSource for Failing {
    async fn fetch(&self, _: &FetchContext) -> Result<Token, AuthError> {
        Err(AuthError::new(self.0, "look under the doormat"))
    }
}

fn chain(first: AuthErrorKind) -> Chain {
    let second = StaticBearer::new("second".to_owned().into()).unwrap();
    Chain::new(vec![("doormat".to_owned(), Box::new(Failing(first))), ("static".to_owned(), Box::new(second))]).unwrap()
}

#[tokio::test]
async fn only_not_found_and_unsupported_lead_on() {
    for kind in [AuthErrorKind::NotFound, AuthErrorKind::Unsupported] {
        let token = Credentials::new(chain(kind)).token().await.unwrap();
        assert_eq!(token.secret().expose_secret(), "second");
    }
    for kind in [AuthErrorKind::InvalidInput, AuthErrorKind::Refused, AuthErrorKind::Protocol] {
        let error = Credentials::new(chain(kind)).token().await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), "get a token from the chain (doormat: look under the doormat)");
    }
}

#[tokio::test]
async fn the_last_error_shows_every_attempt() {
    let missing: Box<dyn TokenSource> = Box::new(TokenFile::new("no-such-directory/token"));
    let failing: Box<dyn TokenSource> = Box::new(Failing(AuthErrorKind::Unsupported));
    let chain = Chain::new(vec![("token-file".to_owned(), missing), ("doormat".to_owned(), failing)]).unwrap();
    let error = Credentials::new(chain).token().await.unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::NotFound);
    insta::assert_snapshot!(error, @"find a credential in the chain (token-file: failed to read the token from file no-such-directory/token: No such file or directory (os error 2); doormat: look under the doormat)");
}

#[test]
fn a_chain_of_nothing_is_refused() {
    assert_eq!(Chain::new(Vec::new()).unwrap_err().setting(), Some("sources"));
}
