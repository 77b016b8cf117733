//! Examples for the help of each command, in one place so that a test can try them all.

use clap::Command;

/// The words of a command, and lines that people can type.
pub(crate) const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "api",
        &[
            "optimize api GET '/api/public/report?collectionId=orders'",
            "optimize api POST /api/public/variables/labels --data labels.json",
            "echo '[\"a\",\"b\"]' | optimize api POST /api/public/export/report/definition/json --data -",
        ],
    ),
    ("auth doctor", &["optimize auth doctor", "optimize --profile prod auth doctor -o json"]),
    ("auth helper", &["optimize --profile prod auth helper"]),
    ("auth list", &["optimize auth list"]),
    (
        "auth login",
        &[
            "optimize auth login",
            "optimize --profile prod auth login",
            "optimize --profile ci auth login --preset saas --region bru-2 --cluster-id ID --client-id ID --client-secret-file secret.txt",
        ],
    ),
    ("auth logout", &["optimize auth logout", "optimize auth logout --all"]),
    ("auth status", &["optimize auth status", "optimize auth status --check"]),
    ("auth switch", &["optimize auth switch prod"]),
    (
        "auth token",
        &["optimize auth token", "curl -H @<(optimize auth token --format header) https://optimize.example.com/api/…"],
    ),
    ("collection create", &["optimize collection create 'Depot analytics' --owner demo"]),
    ("collection get", &["optimize collection get ID -o json"]),
    ("collection list", &["optimize collection list"]),
    (
        "collection scope set",
        &[
            "optimize collection scope set ID --file scope.json",
            "echo '[{\"definitionType\":\"process\",\"definitionKey\":\"invoice\"}]' | optimize collection scope set ID --file -",
        ],
    ),
    (
        "completion",
        &[
            "source <(optimize completion bash)",
            "optimize completion zsh > ~/.zfunc/_optimize",
            "optimize completion fish > ~/.config/fish/completions/optimize.fish",
            "optimize completion powershell >> $PROFILE",
        ],
    ),
    ("config explain", &["optimize config explain", "optimize --profile prod config explain -o json"]),
    ("config get", &["optimize config get base_url", "optimize --profile prod config get auth.audience"]),
    ("config init", &["optimize config init", "optimize --profile prod config init"]),
    ("config path", &["optimize config path"]),
    ("config profiles", &["optimize config profiles"]),
    ("config schema", &["optimize config schema > config.schema.json"]),
    (
        "config set",
        &["optimize config set timeout 2m", "optimize --profile prod config set auth.audience optimize-api"],
    ),
    (
        "config trust",
        &[
            "optimize config trust optimize.toml",
            "optimize config trust optimize.toml --revoke",
            "optimize config trust --list",
        ],
    ),
    ("config use", &["optimize config use prod"]),
    ("config validate", &["optimize config validate", "optimize --config ci.toml config validate"]),
    ("dashboard delete", &["optimize dashboard delete ID", "optimize dashboard delete ID ID --yes"]),
    (
        "dashboard export",
        &[
            "optimize dashboard export ID --file board.json",
            "optimize dashboard export --collection ID --file boards.json",
        ],
    ),
    ("dashboard list", &["optimize dashboard list --collection ID"]),
    (
        "data diff",
        &["optimize data diff monday.csv tuesday.csv", "optimize data diff a.ndjson b.ndjson --key label -o csv"],
    ),
    (
        "definitions apply",
        &[
            "optimize definitions apply",
            "optimize definitions apply plan.json --yes",
            "optimize definitions apply --env prod --prune",
        ],
    ),
    ("definitions check", &["optimize definitions check"]),
    (
        "definitions diff",
        &["optimize definitions diff", "optimize definitions diff --env prod --markdown > comment.md"],
    ),
    ("definitions drift", &["optimize definitions drift --env prod --exit-code"]),
    ("definitions fmt", &["optimize definitions fmt"]),
    (
        "definitions init",
        &[
            "optimize --profile test definitions init --collection claims=ID",
            "optimize definitions init --env dev --collection ID --collection orders=ID",
        ],
    ),
    ("definitions plan", &["optimize definitions plan", "optimize definitions plan --env prod -f plan.json"]),
    ("definitions promote", &["optimize definitions promote --from test --to prod"]),
    ("definitions pull", &["optimize definitions pull", "optimize definitions pull --prune --with-xml"]),
    ("definitions undo", &["optimize definitions undo"]),
    ("event ingest", &["optimize event ingest events.ndjson", "generate | optimize event ingest -"]),
    (
        "export",
        &[
            "optimize export --collection orders -d orders --format csv.gz",
            "optimize export --all -d s3://bucket/optimize --format parquet",
            "optimize export --all -d data --format parquet --shard 0/4",
            "optimize export --all -d data --format parquet --resume",
            "optimize export --collection orders -f orders.xlsx",
        ],
    ),
    ("export status", &["optimize export status data", "optimize export status s3://bucket/optimize"]),
    (
        "import",
        &[
            "optimize --profile test dashboard export ID --file board.json",
            "optimize --profile prod import board.json --collection ID --dry-run",
            "optimize --profile prod import board.json --collection ID",
        ],
    ),
    ("journal show", &["optimize journal show amounts.journal"]),
    ("man", &["optimize man | man -l -", "optimize man --dir ~/.local/share/man/man1"]),
    ("plugin doctor", &["optimize plugin doctor"]),
    ("plugin exec", &["optimize plugin exec report -- --all"]),
    ("plugin info", &["optimize plugin info collect"]),
    ("plugin install", &["optimize plugin install ./optimize-collect"]),
    ("plugin list", &["optimize plugin list"]),
    ("plugin new", &["optimize plugin new collect", "optimize plugin new collect --language rust"]),
    ("plugin remove", &["optimize plugin remove collect"]),
    ("plugin test-credential", &["optimize plugin test-credential -- /usr/local/bin/vault-helper --team analysts"]),
    (
        "plugin trust",
        &[
            "optimize plugin trust collect --token",
            "optimize plugin trust collect --revoke",
            "optimize plugin trust --list",
        ],
    ),
    (
        "process-definition delete",
        &[
            "optimize process-definition delete 2251799813685249",
            "optimize process-definition delete 2251799813685249 --yes --wait --timeout 10m",
        ],
    ),
    ("ready", &["optimize ready", "optimize ready --wait --timeout 5m"]),
    (
        "report data",
        &[
            "optimize --sandbox report data orders-by-step",
            "optimize report data ID -f orders.csv",
            "optimize report data ID -f orders.parquet --table events",
            "optimize report data ID -f for-excel.csv --csv excel",
            "optimize report data ID -f s3://bucket/orders.ndjson.zst",
            "optimize report data ID -d orders --format parquet",
            "optimize report data ID --limit 1000 -o ndjson | jq .processInstanceId",
            "optimize report data ID -o csv --columns processInstanceId,startDate,variable:total",
        ],
    ),
    ("report delete", &["optimize report delete ID", "optimize report delete ID ID --yes"]),
    (
        "report export",
        &[
            "optimize report export ID ID --file reports.json",
            "optimize report export --collection ID --file reports.json",
        ],
    ),
    (
        "report list",
        &[
            "optimize report list --collection ID",
            "optimize report list --collection ID | jq -r .id | xargs -I{} optimize report data {} --file {}.csv",
        ],
    ),
    (
        "sandbox serve",
        &["optimize sandbox serve", "optimize sandbox serve --release 8.6 --port 8090 --ready-file sandbox.json"],
    ),
    ("sharing disable", &["optimize sharing disable"]),
    ("sharing enable", &["optimize sharing enable"]),
    (
        "variable ingest",
        &[
            "optimize variable ingest amounts.csv",
            "optimize variable ingest a.ndjson b.ndjson --journal done --rejects rejects.ndjson",
            "optimize variable ingest kpi.csv --map name=KPI,value=Wert --set type=Double --decimal comma --dry-run",
            "generate | optimize variable ingest -",
            "optimize variable ingest --from 'kafka://broker:9092/kpis?group=optimize' --dead-letter dead.ndjson",
        ],
    ),
    (
        "variable label set",
        &[
            "optimize variable label set --definition invoice amount:Double='Amount in EUR' note:String=",
            "optimize variable label set --definition invoice --file labels.json",
        ],
    ),
    ("verify", &["optimize verify orders.parquet", "optimize verify data", "optimize verify s3://bucket/optimize"]),
];

/// Puts the examples below the help of the commands.
pub(crate) fn add_to(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (words, lines)| {
        let words: Vec<_> = words.split(' ').collect();
        add(command, &words, lines)
    })
}

fn add(command: Command, words: &[&str], lines: &[&str]) -> Command {
    match words {
        [] => {
            let heading = if lines.len() == 1 { "Example" } else { "Examples" };
            let lines: Vec<_> = lines.iter().map(|line| format!("  {line}")).collect();
            command.after_help(format!("{heading}:\n{}", lines.join("\n")))
        }
        [first, rest @ ..] => command.mut_subcommand(*first, |command| add(command, rest, lines)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands that do something by themselves.
    fn leaves(command: &Command, words: &str, found: &mut Vec<String>) {
        for child in command.get_subcommands() {
            let words = format!("{words} {}", child.get_name()).trim().to_owned();
            if !child.is_subcommand_required_set() {
                found.push(words.clone());
            }
            leaves(child, &words, found);
        }
    }

    #[test]
    fn every_command_has_examples() {
        let mut found = Vec::new();
        leaves(&crate::cli::command(), "", &mut found);
        let known: Vec<_> = EXAMPLES.iter().map(|(words, _)| (*words).to_owned()).collect();
        assert_eq!(found, known);
    }

    #[test]
    fn every_example_can_be_typed() {
        for line in EXAMPLES.iter().flat_map(|(_, lines)| *lines) {
            // What a shell runs, one after another; redirections and what runs within are the shell's.
            for part in line.replace("<(", "| ").replace(')', " |").split('|') {
                let words = shlex::split(part).unwrap();
                let Some(place) = words.iter().position(|word| word == "optimize") else { continue };
                let arguments = words[place..].iter().take_while(|word| !word.starts_with('>'));
                let parsed = crate::cli::command().try_get_matches_from(arguments);
                assert!(parsed.is_ok(), "{line}: {}", parsed.unwrap_err());
            }
        }
    }
}
