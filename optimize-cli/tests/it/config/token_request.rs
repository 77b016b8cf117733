//! What a token request asks for, and that `auth status` and `config explain` show the same.

#![cfg(unix)]

use std::fmt::Write as _;

use optimize_sandbox::{Sandbox, SandboxBuilder, Tls};

use crate::harness::{Server, User, check};
use crate::proxy::Proxy;

const HOSTS: [&str; 6] = [
    "login.example.com",
    "keycloak.example.com",
    "login.microsoftonline.com",
    "login.cloud.camunda.io",
    "bru-2.optimize.camunda.io",
    "optimize.example.com",
];

/// A user behind a proxy, for whom one server has all these names.
struct Behind {
    user: User,
    server: Server,
    _proxy: Proxy,
}

impl Behind {
    fn new(builder: SandboxBuilder) -> Self {
        let server = Server::start(builder.tls(HOSTS.into_iter().fold(Tls::new(), Tls::name)));
        let proxy = Proxy::to(server.base_url().replace("https://", "").split('/').next().unwrap().to_owned());
        let user = User::new()
            .with("HTTPS_PROXY", &format!("http://{}", proxy.address))
            .with("OPTIMIZE_CA_FILE", "ca.pem")
            .with("OPTIMIZE_TOKEN_CACHE", "off");
        user.file("ca.pem", server.ca_pem());
        Self { user, server, _proxy: proxy }
    }

    /// The parameters of the one token request, after a look at whether the same is shown.
    fn requested(&self, user: &User) -> String {
        let before = self.server.journal().len();
        let ran = user.types("auth token");
        assert_eq!(ran.code, Some(0), "{ran}");
        let journal = self.server.journal().split_off(before);
        let request = journal.iter().find(|entry| entry.parameters.contains_key("grant_type")).unwrap();
        let status: serde_json::Value = serde_json::from_str(&user.types("auth status -o json").stdout).unwrap();
        let explained = user.types("config explain -o ndjson").stdout;
        let mut text = String::new();
        for name in ["audience", "scope", "resource"] {
            let sent = request.parameters.get(name).map(String::as_str);
            assert_eq!(status[name].as_str(), sent, "status shows another {name}");
            let shown = explained.lines().find(|line| line.contains(&format!("\"auth.{name}\"")));
            let shown = shown.map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
            let shown = shown.as_ref().and_then(|row| row["value"].as_str()).filter(|value| *value != "none");
            assert_eq!(shown, sent, "explain shows another {name}");
            if let Some(sent) = sent {
                write!(text, " {name}={sent}").unwrap();
            }
        }
        format!("{}{text}", request.path)
    }
}

#[test]
fn a_preset_fills_in_what_nobody_has_set() {
    let keycloak = Sandbox::builder().issuer_path("/realms/r").token_path("/protocol/openid-connect/token");
    let entra = Sandbox::builder().issuer_path("/T").token_path("/oauth2/v2.0/token");
    let providers = [
        ("none", "", Sandbox::builder(), "/oauth/token"),
        ("saas", "preset = 'saas'\nregion = 'bru-2'\ncluster_id = 'C'\n", Sandbox::builder(), "/oauth/token"),
        (
            "self-managed",
            "preset = 'self-managed'\nrealm_url = 'https://keycloak.example.com/realms/r'\n",
            keycloak,
            "/realms/r/protocol/openid-connect/token",
        ),
        ("entra", "preset = 'entra'\ntenant = 'T'\napplication_id = 'A'\n", entra, "/T/oauth2/v2.0/token"),
    ];
    let mut table = String::new();
    for (name, preset, builder, token_path) in providers {
        let behind = Behind::new(builder);
        let other = if preset.contains("saas") || preset.is_empty() {
            ""
        } else {
            "base_url = 'https://optimize.example.com'\n"
        };
        for (set, line) in [
            ("token URL", format!("{other}auth.token_url = 'https://login.example.com{token_path}'\n")),
            ("issuer", format!("{other}auth.issuer = '{}'\n", behind.server.issuer())),
            ("base URL", "base_url = 'https://bru-2.optimize.camunda.io/C'\n".to_owned()),
            ("nothing", other.to_owned()),
        ] {
            if name == "none" && set == "nothing" {
                continue;
            }
            let (id, secret) = (behind.server.client_id(), behind.server.client_secret());
            behind.user.configure(&format!("{preset}{line}auth.client_id = '{id}'\nauth.client_secret = '{secret}'\n"));
            writeln!(table, "{name:12} {set:9} {}", behind.requested(&behind.user)).unwrap();
        }
    }
    check!(table, @"
    none         token URL /oauth/token audience=optimize.camunda.io
    none         issuer    /oauth/token audience=optimize.camunda.io
    none         base URL  /oauth/token audience=optimize.camunda.io
    saas         token URL /oauth/token audience=optimize.camunda.io
    saas         issuer    /oauth/token audience=optimize.camunda.io
    saas         base URL  /oauth/token audience=optimize.camunda.io
    saas         nothing   /oauth/token audience=optimize.camunda.io
    self-managed token URL /realms/r/protocol/openid-connect/token
    self-managed issuer    /realms/r/protocol/openid-connect/token
    self-managed base URL  /realms/r/protocol/openid-connect/token
    self-managed nothing   /realms/r/protocol/openid-connect/token
    entra        token URL /T/oauth2/v2.0/token scope=A/.default
    entra        issuer    /T/oauth2/v2.0/token scope=A/.default
    entra        base URL  /T/oauth2/v2.0/token scope=A/.default
    entra        nothing   /T/oauth2/v2.0/token scope=A/.default
    ");
}

#[test]
fn what_camunda_s_pages_offer_is_enough_and_asks_for_the_audience() {
    let with = |variables: &[(&str, &str)]| {
        let behind = Behind::new(Sandbox::builder());
        let (id, secret) = (behind.server.client_id().to_owned(), behind.server.client_secret().to_owned());
        let user = variables.iter().fold(User::new(), |user, (name, value)| {
            user.with(name, &value.replace("ID", &id).replace("SECRET", &secret))
        });
        user.file("ca.pem", behind.server.ca_pem());
        let user = ["HTTPS_PROXY", "OPTIMIZE_CA_FILE", "OPTIMIZE_TOKEN_CACHE"].into_iter().fold(user, |user, name| {
            let value = behind.user.environment().into_iter().find(|(known, _)| known == name).unwrap().1;
            user.with(name, &value)
        });
        behind.requested(&user)
    };
    let console = [
        ("ZEEBE_ADDRESS", "5c34c0a7.syd-1.zeebe.camunda.io:443"),
        ("ZEEBE_CLIENT_ID", "ID"),
        ("ZEEBE_CLIENT_SECRET", "SECRET"),
        ("ZEEBE_AUTHORIZATION_SERVER_URL", "https://login.cloud.camunda.io/oauth/token"),
        ("ZEEBE_TOKEN_AUDIENCE", "zeebe.camunda.io"),
        ("CAMUNDA_CLUSTER_ID", "5c34c0a7"),
        ("CAMUNDA_CLUSTER_REGION", "syd-1"),
        ("CAMUNDA_OPTIMIZE_BASE_URL", "https://syd-1.optimize.camunda.io/5c34c0a7"),
        ("CAMUNDA_OAUTH_URL", "https://login.cloud.camunda.io/oauth/token"),
    ];
    assert_eq!(with(&console), "/oauth/token audience=optimize.camunda.io");
    let page = [
        ("CAMUNDA_CLUSTER_ID", "5c34c0a7"),
        ("CAMUNDA_CLUSTER_REGION", "syd-1"),
        ("CAMUNDA_CLIENT_ID", "ID"),
        ("CAMUNDA_CLIENT_SECRET", "SECRET"),
        ("CAMUNDA_OAUTH_URL", "https://login.cloud.camunda.io/oauth/token"),
    ];
    assert_eq!(with(&page), "/oauth/token audience=optimize.camunda.io");
    // Each of these alone is enough, too.
    assert_eq!(with(&page[..4]), "/oauth/token audience=optimize.camunda.io");
    assert_eq!(with(&[page[2], page[3], console[7]]), "/oauth/token audience=optimize.camunda.io");
    assert_eq!(with(&[page[2], page[3], page[4]]), "/oauth/token audience=optimize.camunda.io");
}

#[test]
fn the_documented_audience_is_the_default_and_none_sends_none() {
    let server = Server::new();
    let sent = |user: &User| {
        let ran = user.types("auth token --refresh");
        assert_eq!(ran.code, Some(0), "{ran}");
        server.journal().last().unwrap().parameters.get("audience").cloned()
    };
    assert_eq!(sent(&User::of(&server)).as_deref(), Some("optimize.camunda.io"));
    assert_eq!(sent(&User::of(&server).with("OPTIMIZE_AUDIENCE", "mine")).as_deref(), Some("mine"));
    assert_eq!(sent(&User::of(&server).with("OPTIMIZE_AUDIENCE", "none")), None);
    assert_eq!(sent(&User::of(&server).with("OPTIMIZE_SCOPE", "x")), None, "a scope says what the token is for");
    assert_eq!(sent(&User::of(&server).with("OPTIMIZE_RESOURCE", "https://x.example")), None);
    let user = User::of(&server);
    user.configure("auth.audience = 'none'");
    assert_eq!(sent(&user), None);
}
