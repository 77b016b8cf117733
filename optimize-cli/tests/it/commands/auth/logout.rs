use crate::harness::{Server, User, check};

fn tokens(user: &User) -> usize {
    let directory = std::fs::read_dir(user.path(".cache/optimize/tokens"));
    directory
        .into_iter()
        .flatten()
        .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|e| e == "json"))
        .count()
}

#[test]
fn the_token_of_the_profile_is_dropped_or_those_of_all() {
    let server = Server::new();
    let user = User::of(&server);
    for _ in 0..3 {
        assert_eq!(user.types("auth token").code, Some(0));
    }
    assert_eq!((tokens(&user), server.journal().len()), (1, 1), "one request for all these runs");
    check!(user.types("auth logout"), @"
    exit 0
    --- stdout
    --- stderr
    dropped the cached token
    ");
    check!(user.types("auth logout"), @"
    exit 0
    --- stdout
    --- stderr
    there was no cached token
    ");
    assert_eq!(tokens(&user), 0);
    let user = user.with("OPTIMIZE_AUDIENCE", "other");
    user.types("auth token");
    let user = user.with("OPTIMIZE_AUDIENCE", "another");
    user.types("auth token");
    assert_eq!(tokens(&user), 2);
    check!(user.types("auth logout --all"), @"
    exit 0
    --- stdout
    --- stderr
    dropped 2 cached tokens
    ");
    assert_eq!(tokens(&user), 0);
}

#[test]
fn the_cache_can_be_switched_off_or_elsewhere() {
    let server = Server::new();
    for value in ["off", "memory"] {
        let user = User::of(&server).with("OPTIMIZE_TOKEN_CACHE", value);
        user.types("auth token");
        assert!(!user.path(".cache").exists());
    }
    let user = User::of(&server);
    let directory = user.path("elsewhere");
    let user = user.with("OPTIMIZE_TOKEN_CACHE", directory.to_str().unwrap());
    user.types("auth token");
    assert!(directory.is_dir() && !user.path(".cache").exists());
    check!(user.with("OPTIMIZE_TOKEN_CACHE", "somewhere").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: token_cache (environment variable OPTIMIZE_TOKEN_CACHE): expected off, memory or the absolute path of a directory
    ");
}

#[test]
fn a_cache_that_cannot_be_used_is_one_warning_and_no_failure() {
    let user = User::of_a_server();
    user.file("file", "");
    let directory = user.path("file/tokens");
    let user = user.with("OPTIMIZE_TOKEN_CACHE", directory.to_str().unwrap());
    check!(user.types("auth token"), @"
    exit 0
    --- stdout
    [TOKEN]
    --- stderr
    warning: the token store is not used: cannot read a token: [HOME]/file/tokens: Not a directory (os error 20)
    ");
}
