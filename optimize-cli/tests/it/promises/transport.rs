//! Proxies are used on purpose, and no variable weakens TLS.

use optimize_sandbox::{Canary, Sandbox, Tls};

use super::secrets::check_hides;
use crate::harness::{Server, User};
use crate::proxy::Proxy;

#[test]
fn a_proxy_is_used_for_https_alone_and_sees_no_credential_of_ours() {
    let (secret, password) = (Canary::new(), Canary::new());
    let server = Server::start(Sandbox::builder().client_secret(secret.secret()).tls(Tls::new().name("optimize.test")));
    let origin = server.base_url().replace("https://", "");
    let port = origin.rsplit_once(':').unwrap().1.to_owned();
    let proxy = Proxy::to(origin);
    let named = |url: String| url.replace("127.0.0.1", "optimize.test");
    let user = User::of(&server)
        .with("OPTIMIZE_BASE_URL", &named(server.base_url()))
        .with("OPTIMIZE_TOKEN_URL", &named(server.token_url()))
        .with("OPTIMIZE_CA_FILE", "ca.pem")
        .with("OPTIMIZE_TOKEN_CACHE", "off");
    user.file("ca.pem", server.ca_pem());
    let list = |variables: &[(&str, &str)]| {
        let mut command = user.command(&["-vvv", "report", "list", "--collection", "claims", "--timeout", "5s"]);
        command.envs(variables.iter().copied());
        user.ran(&command.output().unwrap())
    };
    let url = format!("http://user:{}@{}", password.secret(), proxy.address);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let ran = list(&[(name, &url)]);
        assert_eq!(ran.code, Some(0), "{name}: {ran}");
        check_hides(&secret, &ran);
        check_hides(&password, &ran);
        let heads = proxy.heads();
        assert_eq!(heads.len(), 2, "{name}: one tunnel for the token, one for the API: {heads:?}");
        for head in heads {
            assert!(head.starts_with(&format!("CONNECT optimize.test:{port} ")), "{head}");
            assert!(head.to_ascii_lowercase().contains("proxy-authorization: basic "), "{head}");
            assert!(!head.to_ascii_lowercase().contains("\r\nauthorization:"), "{head}");
            assert_eq!(secret.find(head.as_bytes()), None);
        }
    }
    // Not for other variables, excepted names, or nothing.
    for variables in [
        &[("HTTP_PROXY", url.as_str())][..],
        &[("HTTPS_PROXY", &url), ("NO_PROXY", "optimize.test")],
        &[("HTTPS_PROXY", &url), ("NO_PROXY", "other, .test")],
        &[("HTTPS_PROXY", &url), ("no_proxy", "*")],
        &[("HTTPS_PROXY", "")],
    ] {
        let ran = list(variables);
        assert_eq!((ran.code, proxy.heads().len()), (Some(7), 0), "{variables:?}: {ran}");
    }
}

#[test]
fn no_proxy_is_used_for_this_machine_or_in_clear_text() {
    let proxy = Proxy::to("127.0.0.1:1".to_owned());
    let url = format!("http://{}", proxy.address);
    let all = |user: User| {
        ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"]
            .into_iter()
            .fold(user, |user, name| user.with(name, &url))
    };
    let loopback = all(User::of_a_server());
    assert_eq!(loopback.types("report list --collection claims").code, Some(0));
    let insecure = all(User::of_a_server())
        .with("OPTIMIZE_BASE_URL", "http://optimize.invalid")
        .with("OPTIMIZE_ALLOW_INSECURE_HTTP", "true");
    assert_eq!(insecure.types("report list --collection claims --timeout 3s").code, Some(7));
    assert!(proxy.heads().is_empty());
}

#[test]
fn no_variable_switches_checks_off_or_writes_keys() {
    let server = Server::start(Sandbox::builder().tls(Tls::new()));
    let user = User::of(&server)
        .with("SSLKEYLOGFILE", "keys")
        .with("NODE_TLS_REJECT_UNAUTHORIZED", "0")
        .with("SSL_NO_VERIFY", "1")
        .with("RUSTLS_DANGEROUS", "1");
    assert_eq!(user.types("auth token").code, Some(7));
    user.file("ca.pem", server.ca_pem());
    let user = user.with("OPTIMIZE_CA_FILE", "ca.pem");
    assert_eq!(user.types("auth token").code, Some(0));
    assert!(!user.path("keys").exists());
}
