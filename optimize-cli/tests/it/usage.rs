use crate::harness::{User, check};

#[test]
fn misspelt_words_are_met_with_the_nearest() {
    let user = User::new();
    check!(user.types("reprot list"), @"
    exit 2
    --- stdout
    --- stderr
    error: unknown command or plugin `reprot`
    hint: did you mean `report`?
    ");
    check!(user.types("report data x --page-sise 5"), @"
    exit 2
    --- stdout
    --- stderr
    error: unexpected argument '--page-sise' found

      tip: a similar argument exists: '--page-size'

    Usage: optimize report data --page-size <ROWS> <ID>

    For more information, try '--help'.
    ");
    check!(user.types("report list --colection x"), @"
    exit 2
    --- stdout
    --- stderr
    error: unexpected argument '--colection' found

      tip: a similar argument exists: '--collection'

    Usage: optimize report list --collection <ID>

    For more information, try '--help'.
    ");
    check!(user.types("report data x --page-size 20000"), @"
    exit 2
    --- stdout
    --- stderr
    error: invalid value '20000' for '--page-size <ROWS>': 20000 is not in 1..=10000

    For more information, try '--help'.
    ");
    check!(user.types("report data x --timeout 5"), @r#"
    exit 2
    --- stdout
    --- stderr
    error: invalid value '5' for '--timeout <DURATION>': expected a duration such as 30s or 2m, not "5"

    For more information, try '--help'.
    "#);
    check!(user.types("report data"), @"
    exit 2
    --- stdout
    --- stderr
    error: the following required arguments were not provided:
      <ID>

    Usage: optimize report data <ID>

    For more information, try '--help'.
    ");
}

#[test]
fn flags_that_exclude_each_other_are_named() {
    let user = User::new();
    check!(user.types("--sandbox --base-url http://localhost report data x"), @"
    exit 2
    --- stdout
    --- stderr
    error: the argument '--sandbox' cannot be used with '--base-url <URL>'

    Usage: optimize --sandbox

    For more information, try '--help'.
    ");
    check!(user.types("--profile sandbox --base-url http://localhost report data x"), @"
    exit 2
    --- stdout
    --- stderr
    error: failed to combine --base-url with the profile `sandbox`, which has its own
    ");
    check!(user.types("report data x --restart 2"), @"
    exit 2
    --- stdout
    --- stderr
    error: --restart, --no-clobber and --schema-out need a file: pass -f FILE
    ");
}

#[test]
fn help_goes_to_stdout() {
    let user = User::new();
    let help = user.types("--help");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
}

#[test]
fn the_version_is_printed_without_any_configuration() {
    let user = User::new();
    user.configure("this is not TOML");
    check!(user.types("--version"), @"
    exit 0
    --- stdout
    optimize 0.1.0
    --- stderr
    ");
}
