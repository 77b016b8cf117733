use crate::harness::{User, check};

#[test]
fn misspelt_words_are_met_with_the_nearest() {
    let user = User::new();
    check!(user.types("reprot list"), @"
    exit 2
    --- stdout
    --- stderr
    error: unrecognized subcommand 'reprot'

      tip: some similar subcommands exist: 'reports', 'report'

    Usage: optimize [OPTIONS] <COMMAND>

    For more information, try '--help'.
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
fn flags_that_exclude_each_other_are_told() {
    let user = User::new();
    check!(user.types("--sandbox --base-url http://localhost report data x"), @"
    exit 2
    --- stdout
    --- stderr
    error: the argument '--sandbox' cannot be used with '--base-url <URL>'

    Usage: optimize --sandbox <COMMAND>

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
    error: the following required arguments were not provided:
      --file <FILE>

    Usage: optimize report data --file <FILE> --restart <N> <ID>

    For more information, try '--help'.
    ");
}

#[test]
fn help_goes_to_stdout() {
    let user = User::new();
    let help = user.types("--help");
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    check!(help.stdout, @"
    Reports, dashboards and report data of Camunda Optimize

    Usage: optimize [OPTIONS] <COMMAND>

    Commands:
      api                 Send any request below the base URL, with the credentials of the profile, and
                          print the body of the answer
      auth                Tokens: get one, or see how they are got
      collection          Collections, on servers from 8.7 on [alias: collections]
      dashboard           Dashboards [alias: dashboards]
      event               Events from outside, for Camunda 7 [alias: events]
      import              Import definitions of reports and dashboards into a collection
      plugin              Programs that extend this one [alias: plugins]
      process-definition  Imported data of process definitions, on servers from 8.10 on [alias:
                          process-definitions]
      ready               Ask whether the server can serve requests; no token is sent
      report              Reports and their data [alias: reports]
      sandbox             The embedded server
      sharing             Sharing of reports and dashboards
      variable            Variables from outside, and their labels [alias: variables]

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version

    Global options:
          --profile <NAME>
              The profile of the configuration to use; `sandbox` is built in

          --config <FILE>
              A configuration file to read besides the user's own

          --base-url <URL>
              The base URL of Optimize: what comes before /api

          --sandbox
              Use an embedded server with demo data; no other setting is needed

          --client-secret-file <FILE>
              Read the client secret from this file; - for standard input

          --token-file <FILE>
              Use the token in this file; - for standard input

      -o, --output <FORMAT>
              The output format; auto is a table on a terminal, else ndjson, or json for a single record

              Possible values:
              - auto:   A table on a terminal; elsewhere ndjson, or json for a single record; by its
                ending for a file
              - table:  For people
              - json:   One array or object
              - ndjson: One object a line
              - csv:    RFC 4180, with a heading line

          --color <WHEN>
              When to use colour

              Possible values:
              - auto:   On a terminal, unless `NO_COLOR` is set; elsewhere if `CLICOLOR_FORCE` is
              - always: Always
              - never:  Never

      -q, --quiet
              Print no progress and no remarks

      -v, --verbose...
              Log to standard error; twice or thrice for more

          --timeout <DURATION>
              How long one request may take, its retries included, such as 30s or 2m [default: 60s]

          --no-input
              Never ask; fail where an answer would be needed

      -y, --yes
              Answer yes to every question

    Try it without a server: optimize --sandbox report data orders-by-step
    ");
    check!(user.types("report data -h").stdout, @"
    Print the data of a report, all pages

    Usage: optimize report data [OPTIONS] <ID>

    Arguments:
      <ID>  The id of the report, as in the address of its page

    Options:
          --limit <ROWS>               End after this many rows
          --page-size <ROWS>           Rows a page [default: 1000]
          --cursor-timeout <DURATION>  How long the server keeps the snapshot between two pages, at
                                       least 60s [default: 120s]
      -f, --file <FILE>                Write this file instead of standard output; it appears only when
                                       it is complete
          --format <FORMAT>            The format, as --output [possible values: json, ndjson, csv]
          --restart <N>                Start anew up to N times if a page is lost [default: 0]
          --columns <NAMES>            The CSV columns, comma-separated, in this order; variables as
                                       variable:NAME [default: all there are]
          --csv-safe                   Escape CSV texts that a spreadsheet would run as formulas
      -h, --help                       Print help (see more with '--help')

    Global options:
          --profile <NAME>             The profile of the configuration to use; `sandbox` is built in
          --config <FILE>              A configuration file to read besides the user's own
          --base-url <URL>             The base URL of Optimize: what comes before /api
          --sandbox                    Use an embedded server with demo data; no other setting is needed
          --client-secret-file <FILE>  Read the client secret from this file; - for standard input
          --token-file <FILE>          Use the token in this file; - for standard input
      -o, --output <FORMAT>            The output format; auto is a table on a terminal, else ndjson, or
                                       json for a single record [possible values: auto, table, json,
                                       ndjson, csv]
          --color <WHEN>               When to use colour [possible values: auto, always, never]
      -q, --quiet                      Print no progress and no remarks
      -v, --verbose...                 Log to standard error; twice or thrice for more
          --timeout <DURATION>         How long one request may take, its retries included, such as 30s
                                       or 2m [default: 60s]
          --no-input                   Never ask; fail where an answer would be needed
      -y, --yes                        Answer yes to every question
    ");
}

#[test]
fn the_version_is_told_without_any_configuration() {
    let user = User::new();
    user.configure("this is not TOML");
    check!(user.types("--version"), @"
    exit 0
    --- stdout
    optimize 0.1.0
    --- stderr
    ");
}
