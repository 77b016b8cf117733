use optimize_auth::ServiceUrl;

#[test]
fn https_and_this_machine_are_accepted() {
    for text in [
        "https://login.cloud.camunda.io/oauth/token",
        "https://bru-2.optimize.camunda.io/0f3c2a74",
        "https://10.0.0.1:8443/x",
        "https://[2001:db8::1]/",
        "http://localhost",
        "http://localhost:8090/optimize/",
        "http://LOCALHOST:1",
        "http://127.0.0.1:80",
        "http://127.8.9.10",
        "http://[::1]:8080",
        "http://[::ffff:127.0.0.1]",
        "HTTP://127.0.0.1",
        // The URL standard reads these as 127.0.0.1, and the connection goes there.
        "http://127.1",
        "http://0x7f000001",
        "http://\u{2460}27.0.0.1",
    ] {
        assert!(ServiceUrl::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn everything_else_is_refused() {
    for text in [
        "",
        "  ",
        "optimize.example.com",
        "localhost:8090",
        "/api",
        "ftp://example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://example.com",
        "http://10.0.0.1",
        "http://localhost.evil",
        "http://localhost.",
        "http://127.0.0.1.evil",
        "http://0.0.0.0",
        "http://[::2]",
        "http://[fe80::1]",
        "https://",
        "https:// example.com",
        "https://exa mple.com",
        "https://example.com\n",
        "https://example.com/\u{0}",
        "https://user@example.com",
        "https://user:pass@example.com",
        "http://127.0.0.1@evil.example",
        "https://example.com/?x=1",
        "https://example.com/#top",
    ] {
        assert!(ServiceUrl::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn the_problem_is_named_and_no_password_repeated() {
    let problem = |text| ServiceUrl::parse(text).unwrap_err().to_string();
    insta::assert_snapshot!(problem(""), @"the URL is empty");
    insta::assert_snapshot!(problem("optimize.example.com"), @"it does not begin with https://: optimize.example.com");
    insta::assert_snapshot!(problem("http://example.com"), @"plain http to another machine would send credentials in clear text: http://example.com");
    insta::assert_snapshot!(problem("https://u:canary@h"), @"it holds a user name or password; credentials do not belong into a URL");
    insta::assert_snapshot!(problem("https://u:can ary@h"), @"it contains white space or a control character: (not shown)");
    insta::assert_snapshot!(problem("https://h?key=1"), @"it has a query or a fragment: https://h?key=1");
    insta::assert_snapshot!(problem("https://h\u{1b}[31m"), @r"it contains white space or a control character: https://h\u{1b}[31m");
}

#[test]
fn plain_http_can_be_permitted() {
    let url = ServiceUrl::parse_allowing_insecure_http("http://optimize.internal").unwrap();
    assert!(url.is_insecure() && !url.is_loopback());
    assert!(!ServiceUrl::parse("http://localhost").unwrap().is_insecure());
}
