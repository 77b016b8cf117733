//! The servers that a page talks of: one sandbox that responds under all their names.

use optimize_sandbox::{Release, Sandbox, SandboxBuilder, Tls};

use crate::harness::{Server, User, set_mode};
use crate::proxy::Proxy;

/// The names under which it responses.
const HOSTS: [&str; 7] = [
    "optimize.example.com",
    "optimize-test.example.com",
    "login.example.com",
    "keycloak.example.com",
    "login.microsoftonline.com",
    "login.cloud.camunda.io",
    "bru-2.optimize.camunda.io",
];

/// What pages call something, and what it is called here.
const NAMES: [(&str, &str); 2] = [("cargo run -- ", "optimize "), CLIENT];
const CLIENT: (&str, &str) = ("my-client", "optimize-sandbox");

pub(super) struct World {
    user: User,
    _proxy: Proxy,
}

impl World {
    /// The world of a page.
    pub(super) fn of(path: &str) -> Self {
        let tls = HOSTS.into_iter().fold(Tls::new(), Tls::name);
        let server = Server::start(provider(path, Sandbox::builder().tls(tls).largest_report(2500)));
        let proxy = Proxy::to(server.base_url().replace("https://", "").split('/').next().unwrap().to_owned());
        let user = User::new();
        user.file("ca.pem", server.ca_pem());
        // Where pages keep their secrets.
        let pass = format!(
            "case \"$2\" in *token) echo {};; *) echo {};; esac",
            server.static_token(),
            server.client_secret()
        );
        user.script(".bin/pass", &pass);
        let optimize = user.path(".bin/optimize");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_optimize"), &optimize).unwrap();
        set_mode(&user.path(".bin"), 0o755);
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", user.path(".bin").display());
        let ca = user.path("ca.pem").display().to_string();
        let user = user
            .with("PATH", &path)
            .with("HTTPS_PROXY", &format!("http://{}", proxy.address))
            .with("OPTIMIZE_CA_FILE", &ca)
            .with("SSL_CERT_FILE", &ca)
            .with("NO_COLOR", "1")
            .with("TERM", "xterm")
            .with("LC_ALL", "C.UTF-8")
            .with("OPTIMIZE_PAGER", "cat");
        Self { user: user.keeping(server), _proxy: proxy }
    }

    /// A text of the page, with the names that things have here.
    pub(super) fn as_run(text: &str) -> String {
        NAMES.iter().fold(text.to_owned(), |text, (written, here)| text.replace(written, here))
    }

    /// What was seen here, as pages tell it.
    pub(super) fn as_told(&self, text: &str) -> String {
        let home = self.user.path("").display().to_string();
        text.replace(CLIENT.1, CLIENT.0).replace(&home, "~/").replace('\r', "")
    }

    /// Runs a script in a terminal: all that was on its screen.
    pub(super) fn run(&self, script: &str) -> String {
        self.user.file(".session.sh", script);
        let terminal = self.user.shell_at_a_terminal("timeout --foreground 60 bash --norc --noprofile .session.sh");
        let (_, screen) = terminal.end();
        let bytes: Vec<u8> = screen.chars().map(|character| u8::try_from(character).unwrap()).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// The server and the issuer as the page has them.
fn provider(path: &str, sandbox: SandboxBuilder) -> SandboxBuilder {
    match path.rsplit('/').next().unwrap_or_default() {
        "saas.md" => sandbox.context_path("/CLUSTER-ID"),
        "keycloak.md" => sandbox.issuer_path("/realms/camunda-platform").token_path("/protocol/openid-connect/token"),
        "entra.md" => sandbox
            .issuer_path("/TENANT")
            .token_path("/oauth2/v2.0/token")
            .audience("APPLICATION-ID")
            .fixed_token_audience("APPLICATION-ID"),
        "camunda-7.md" => sandbox.release(Release::V8_6),
        _ => sandbox,
    }
}
