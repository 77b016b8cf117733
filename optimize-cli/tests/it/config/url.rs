use crate::harness::{Server, User, check};

fn shown(base_url: &str) -> String {
    User::new().run(&["ready", "--base-url", base_url]).to_string()
}

#[test]
fn a_base_url_that_cannot_be_used_is_reported_before_anything_is_sent() {
    check!(User::new().types("ready"), @"
    exit 3
    --- stdout
    --- stderr
    error: no base URL is set
    hint: pass --base-url URL, set OPTIMIZE_BASE_URL, or try the embedded server with --sandbox
    ");
    check!(shown(""), @"
    exit 3
    --- stdout
    --- stderr
    error: base_url (--base-url): the URL is empty
    hint: it looks like https://optimize.example.com
    ");
    check!(shown("optimize.example.com"), @"
    exit 3
    --- stdout
    --- stderr
    error: base_url (--base-url): it does not begin with https://: optimize.example.com
    hint: it looks like https://optimize.example.com
    ");
    check!(shown("https://exa mple"), @"
    exit 3
    --- stdout
    --- stderr
    error: base_url (--base-url): it contains white space or a control character: https://exa mple
    hint: it looks like https://optimize.example.com
    ");
    check!(shown("https://user:canary@optimize.example.com"), @"
    exit 3
    --- stdout
    --- stderr
    error: base_url (--base-url): it holds a user name or password; credentials do not belong into a URL
    hint: remove what stands before the @
    ");
    check!(shown("https://optimize.example.com?x=1"), @"
    exit 3
    --- stdout
    --- stderr
    error: base_url (--base-url): it has a query or a fragment: https://optimize.example.com?x=1
    hint: it looks like https://optimize.example.com
    ");
    check!(shown("http://optimize.example.com"), @"
    exit 3
    --- stdout
    --- stderr
    error: base_url (--base-url): plain http to another machine would send credentials in clear text: http://optimize.example.com
    hint: use https, or set allow_insecure_http = true (or the environment variable OPTIMIZE_ALLOW_INSECURE_HTTP=true) if you accept that others may read your credentials
    ");
}

#[test]
fn what_people_copy_along_is_dropped() {
    let server = Server::new();
    for ending in ["/", "/api", "/api/", "/api/public", "/api/public/"] {
        let url = format!("{}{ending}", server.base_url());
        assert_eq!(User::new().run(&["ready", "--base-url", &url]).code, Some(0), "{ending}");
    }
}

#[test]
fn plain_http_can_be_permitted_and_is_loud() {
    let user = User::new().with("OPTIMIZE_ALLOW_INSECURE_HTTP", "true");
    let ran = user.types("ready --base-url http://192.0.2.1 --timeout 100ms");
    check!(ran.stderr.lines().next().unwrap(), @"warning: http://192.0.2.1/ is plain http: others on the network can read what is sent, credentials too");
    assert_eq!(ran.code, Some(7));
}

#[test]
fn a_token_url_that_cannot_be_used_is_reported_before_a_secret_is_sent() {
    let user = User::of_a_server().with("OPTIMIZE_TOKEN_URL", "http://login.example.com/token");
    check!(user.types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: auth.token_url (environment variable OPTIMIZE_TOKEN_URL): plain http to another machine would send credentials in clear text: http://login.example.com/token
    hint: use https, or set allow_insecure_http = true (or the environment variable OPTIMIZE_ALLOW_INSECURE_HTTP=true) if you accept that others may read your credentials
    ");
    check!(user.without("OPTIMIZE_TOKEN_URL").types("auth token"), @"
    exit 3
    --- stdout
    --- stderr
    error: `token_url`: neither it nor `issuer` is set (strategy chosen by environment variable OPTIMIZE_CLIENT_ID)
    hint: set OPTIMIZE_TOKEN_URL, or token_url in the `auth` table of the configuration
    ");
}
