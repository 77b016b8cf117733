use proptest::prelude::*;

use super::*;

const CANARY: &str = "canary-5f3a9b7c";

fn good() -> String {
    format!(
        "default_profile = 'dev'\nbase_url = 'https://optimize.example'\n[profiles.dev]\noutput = 'json'\n\
         [profiles.dev.auth]\nclient_id = 'c'\nclient_secret = '{CANARY}'\naudience = 'a'\n"
    )
}

fn parse(text: &str) -> Result<ConfigFile, Error> {
    ConfigFile::parse(Path::new("/etc/config.toml"), text, true)
}

#[test]
fn settings_know_their_profile_and_place() {
    let file = parse(&good()).unwrap();
    assert_eq!(file.default_profile.as_deref(), Some("dev"));
    let shown = |settings: &[Setting]| {
        let shown = settings.iter().map(|setting| format!("{} at {}", setting.key.path(), setting.origin));
        shown.collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(shown(&file.settings), @"base_url at /etc/config.toml:2:12");
    insta::assert_snapshot!(shown(&file.profiles["dev"]), @"
    output at /etc/config.toml:4:10
    auth.client_id at /etc/config.toml:6:13
    auth.client_secret at /etc/config.toml:7:17
    auth.audience at /etc/config.toml:8:12
    ");
}

#[test]
fn an_empty_file_says_nothing() {
    let file = parse("").unwrap();
    assert!(file.settings.is_empty() && file.profiles.is_empty() && file.default_profile.is_none());
}

#[test]
fn debug_shows_no_secret() {
    assert!(!format!("{:?}", parse(&good()).unwrap()).contains(CANARY));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5000))]

    #[test]
    fn no_error_shows_a_secret_however_the_file_is_broken(
        position in 0..good().len(),
        cut in 0_usize..12,
        insert in "[\\[\\]='\"\n{}#.a0 ]{0,3}",
    ) {
        let mut text = good();
        let end = (position + cut).min(text.len());
        // A secret that lost a part is not looked for, since what is left of it could be anything.
        text.replace_range(position..end, &insert);
        if let Err(error) = parse(&text) {
            let shown = format!("{error} {:?} {error:?}", error.hint());
            prop_assert!(!shown.contains("5f3a") && !shown.contains("9b7c") && !shown.contains("canary"), "{}", shown);
        }
    }
}

#[test]
fn a_key_in_quotes_may_be_a_whole_line_and_is_not_shown() {
    for text in
        ["\"auth.client_secret = 'canary'#\" = 1", "[profiles.\"auth.client_secret = 'canary'\"]", "profiles.'a b' = 1"]
    {
        let error = ConfigFile::parse(Path::new("c"), text, true).unwrap_err();
        let shown = format!("{error:?} {error} {:?}", error.hint());
        assert!(!shown.contains("canary"), "{shown}");
    }
}
