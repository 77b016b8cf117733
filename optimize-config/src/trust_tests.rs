use std::fmt::Write as _;
use std::path::PathBuf;

use figment::value::Value;

use super::*;
use crate::layers::Layer;

/// Where the secret in use comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SecretOrigin {
    None,
    Literal,
    FileBelow,
    FileAbove,
    LinkOut,
    VariableNamed,
    Keyring,
    Program,
    OwnFile,
    Environment,
    Flag,
}

use SecretOrigin as S;

const SECRET_ORIGINS: [SecretOrigin; 11] = [
    S::None,
    S::Literal,
    S::FileBelow,
    S::FileAbove,
    S::LinkOut,
    S::VariableNamed,
    S::Keyring,
    S::Program,
    S::OwnFile,
    S::Environment,
    S::Flag,
];

/// A project with a configuration file, a secret below it, one above it, and a link to that.
struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let directory = tempfile::TempDir::new().unwrap();
        let project = directory.path().join("project");
        std::fs::create_dir(&project).unwrap();
        for file in ["above", "project/project.toml", "project/below"] {
            std::fs::write(directory.path().join(file), "x").unwrap();
        }
        #[cfg(unix)]
        std::os::unix::fs::symlink("../above", project.join("link")).unwrap();
        Self { directory }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("project/project.toml")
    }

    fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join("project").join(name)
    }

    fn of_file(&self, key: Key, value: impl Into<Value>) -> Setting {
        Setting::new(key, value, Origin::File { path: self.file(), line: 1, column: 1 })
    }

    /// A value that the setting could have.
    fn sample(&self, key: Key) -> Value {
        match key.form() {
            Form::Path => self.beside("below").display().to_string().into(),
            Form::Text | Form::Boolean => "x".into(),
            Form::Secret => SecretRef::Inline(0).value(),
            Form::List => vec!["/x"].into(),
            Form::Tables => Vec::<Value>::new().into(),
        }
    }

    fn secret(&self, origin: SecretOrigin) -> Option<Setting> {
        let of_file = |secret: SecretRef| Some(self.of_file(Key::Token, secret.value()));
        let elsewhere = |origin| Some(Setting::new(Key::Token, SecretRef::Inline(0).value(), origin));
        match origin {
            S::None => None,
            S::Literal => of_file(SecretRef::Inline(0)),
            S::FileBelow => of_file(SecretRef::File(self.beside("below"))),
            S::FileAbove => of_file(SecretRef::File(self.beside("../above"))),
            S::LinkOut => of_file(SecretRef::File(self.beside("link"))),
            S::VariableNamed => of_file(SecretRef::Variable("X".to_owned())),
            S::Keyring => of_file(SecretRef::Keyring("x".to_owned())),
            S::Program => of_file(SecretRef::Command(vec!["/x".to_owned()])),
            S::OwnFile => elsewhere(Origin::File { path: "/own.toml".into(), line: 1, column: 1 }),
            S::Environment => elsewhere(Origin::Variable("X".to_owned())),
            S::Flag => elsewhere(Origin::Flag("--token-file")),
        }
    }

    fn outcome(&self, settings: &[Setting], standing: Standing) -> bool {
        let mut layers = Layers::default();
        for setting in settings {
            layers.push(Layer::completing(vec![setting.clone()], Vec::new()));
        }
        check(&layers, &self.file(), standing).is_ok()
    }
}

/// Every setting in a file, with a server in the same file or alone, against every origin of the secret in use. A dot is
/// a run that continues, a bar one that stops.
#[test]
fn every_setting_and_every_origin_of_the_secret_has_its_outcome() {
    let project = Project::new();
    let server = project.of_file(Key::BaseUrl, "https://x.example");
    let mut table = String::new();
    for key in Key::ALL.iter().copied() {
        let setting = project.of_file(key, project.sample(key));
        let mut outcomes = [String::new(), String::new()];
        for origin in SECRET_ORIGINS {
            let secret = project.secret(origin);
            for (with_server, shown) in [false, true].into_iter().zip(&mut outcomes) {
                let server = with_server.then(|| server.clone());
                let settings: Vec<_> = server.into_iter().chain(secret.clone()).chain([setting.clone()]).collect();
                for standing in [Standing::Own, Standing::Trusted] {
                    assert!(project.outcome(&settings, standing), "{key:?} {origin:?} {standing:?}");
                }
                let unknown = project.outcome(&settings, Standing::Unknown);
                assert_eq!(project.outcome(&settings, Standing::Changed), unknown, "{key:?} {origin:?}");
                shown.push(if unknown { '.' } else { '|' });
            }
        }
        writeln!(table, "{:24} alone {}  with a server {}", key.path(), outcomes[0], outcomes[1]).unwrap();
    }
    insta::assert_snapshot!(format!("{SECRET_ORIGINS:?}\n{table}"), @"
    [None, Literal, FileBelow, FileAbove, LinkOut, VariableNamed, Keyring, Program, OwnFile, Environment, Flag]
    base_url                 alone |..||||||||  with a server |..||||||||
    protected                alone |||||||||||  with a server |..||||||||
    output                   alone .|||||||...  with a server |..||||||||
    timeout                  alone .|||||||...  with a server |..||||||||
    allow_insecure_http      alone |||||||||||  with a server |..||||||||
    ca_file                  alone |||||||||||  with a server |..||||||||
    client_cert_file         alone |||||||||||  with a server ...||||||||
    client_key_file          alone |||||||||||  with a server ...||||||||
    token_cache              alone |||||||||||  with a server |||||||||||
    preset                   alone |||||||||||  with a server |..||||||||
    region                   alone |||||||||||  with a server |..||||||||
    cluster_id               alone |||||||||||  with a server |..||||||||
    realm_url                alone |||||||||||  with a server |..||||||||
    tenant                   alone |||||||||||  with a server |..||||||||
    application_id           alone |||||||||||  with a server |..||||||||
    auth.strategy            alone |||||||||||  with a server ...||||||||
    auth.client_id           alone |||||||||||  with a server ...||||||||
    auth.client_secret       alone |||||||||||  with a server ...||||||||
    auth.private_key         alone |||||||||||  with a server ...||||||||
    auth.assertion_file      alone |||||||||||  with a server ...||||||||
    auth.token               alone |||||||||||  with a server ...........
    auth.token_file          alone |||||||||||  with a server ...||||||||
    auth.command             alone |||||||||||  with a server |||||||||||
    auth.timeout             alone |||||||||||  with a server ...||||||||
    auth.interactive         alone |||||||||||  with a server ...||||||||
    auth.env_allow           alone |||||||||||  with a server |||||||||||
    auth.sources             alone |||||||||||  with a server |||||||||||
    auth.client_auth         alone |||||||||||  with a server |..||||||||
    auth.key_id              alone |||||||||||  with a server |..||||||||
    auth.signing_algorithm   alone |||||||||||  with a server |..||||||||
    auth.assertion_audience  alone |||||||||||  with a server |..||||||||
    auth.token_url           alone |||||||||||  with a server |..||||||||
    auth.issuer              alone |||||||||||  with a server |..||||||||
    auth.audience            alone .|||||||...  with a server |..||||||||
    auth.scope               alone .|||||||...  with a server |..||||||||
    auth.resource            alone .|||||||...  with a server |..||||||||
    ");
}

/// The same settings do no harm where the user has set them: by a flag, by the environment, or in the own file.
#[test]
fn what_the_user_says_needs_no_decision() {
    let project = Project::new();
    for key in Key::ALL.iter().copied() {
        for said in [
            Origin::Flag("--x"),
            Origin::Variable("X".to_owned()),
            Origin::File { path: "/own.toml".into(), line: 1, column: 1 },
        ] {
            let harmless = project.of_file(Key::Output, "json");
            let own = Setting { key, value: project.sample(key), origin: said };
            assert!(project.outcome(&[harmless, own], Standing::Unknown), "{key:?}");
        }
    }
}

/// What a later layer overrides is not in effect.
#[test]
fn a_destination_that_a_flag_overrides_is_none() {
    let project = Project::new();
    let server = project.of_file(Key::BaseUrl, "https://evil.example");
    let value = "https://mine.example";
    let flag = Setting { key: Key::BaseUrl, value: value.into(), origin: Origin::Flag("--base-url") };
    assert!(!project.outcome(std::slice::from_ref(&server), Standing::Unknown));
    assert!(project.outcome(&[server, flag], Standing::Unknown));
}

/// A region and a cluster id are a server, too; half of one is not.
#[test]
fn a_cluster_is_a_server() {
    let project = Project::new();
    let text = |key| project.of_file(key, "x");
    let secret = project.secret(S::Literal).unwrap();
    assert!(project.outcome(&[text(Key::Region), text(Key::ClusterId), secret.clone()], Standing::Unknown));
    assert!(!project.outcome(&[text(Key::Region), secret.clone()], Standing::Unknown));
    let mut elsewhere = text(Key::ClusterId);
    elsewhere.origin = Origin::Variable("CAMUNDA_CLUSTER_ID".to_owned());
    assert!(!project.outcome(&[text(Key::Region), elsewhere, secret], Standing::Unknown));
}
