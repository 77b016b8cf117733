//! Differences, plans and what was applied, for people.

use std::fmt::Write as _;

use optimize_auth::visible;
use optimize_definitions::{Applied, Change, Difference, Plan};

use crate::app::App;
use crate::error::CliError;
use crate::output::{Data, Outcome};

/// Longer values are cut: what has changed is in the file.
const LONGEST: usize = 100;
pub(super) const IN_STEP: &str = "files and server are in step";

/// Differences like a code review: the file, how it stands, and each member.
pub(super) fn review(differences: &[Difference]) -> String {
    let mut text = String::new();
    for difference in differences {
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "{}: {}", visible(&place(difference)), difference.status);
        for change in &difference.changes {
            let _ = writeln!(text, "  {}", visible(&line(change)));
        }
    }
    text
}

fn place(difference: &Difference) -> String {
    format!("{}/{}", difference.collection, difference.file)
}

fn line(change: &Change) -> String {
    match (&change.there, &change.here) {
        (Some(there), Some(here)) => format!("{}: {} → {}", change.path, cut(there), cut(here)),
        (None, Some(here)) => format!("{}: + {}", change.path, cut(here)),
        (Some(there), None) => format!("{}: - {}", change.path, cut(there)),
        (None, None) => change.path.clone(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LONGEST {
        return text.to_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// The same as Markdown: a heading for each file.
pub(super) fn markdown(differences: &[Difference]) -> String {
    let mut text = String::from("### Definitions\n");
    for difference in differences {
        let _ = writeln!(text, "\n**{}**: {}\n", code(&place(difference)), difference.status);
        for change in &difference.changes {
            let _ = writeln!(text, "- {}", code(&line(change)));
        }
    }
    text
}

/// Text that Markdown shows as it is. A line break in a name would end it.
fn code(text: &str) -> String {
    let text = visible(text);
    let fence = "`".repeat(1 + longest_run(&text));
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

/// Each call, and what is lost.
pub(super) fn plan(plan: &Plan) -> String {
    let head = format!("{} at {}:\n", visible(&plan.environment), plan.server);
    head + &steps(plan, "  ", "lost, since ids change:\n", |text| visible(text).into_owned())
}

/// The same as Markdown.
pub(super) fn plan_markdown(plan: &Plan) -> String {
    let head = format!("### Plan for {}\n\n", code(&plan.environment));
    if plan.is_empty() {
        return head + "There is nothing to do.\n";
    }
    head + &steps(plan, "", "\nLost, since ids change:\n\n", code)
}

fn steps(plan: &Plan, indent: &str, lost: &str, shown: impl Fn(&str) -> String) -> String {
    let mut text = String::new();
    for (number, call) in plan.calls().iter().enumerate() {
        let _ = writeln!(text, "{indent}{}. {}", number + 1, shown(call));
    }
    let losses = plan.losses();
    if !losses.is_empty() {
        text.push_str(lost);
        for loss in losses {
            let _ = writeln!(text, "{indent}- {}", shown(&loss));
        }
    }
    text
}

/// A row for each definition that was imported or deleted.
pub(super) fn applied(applied: &Applied, app: &App, failure: Option<CliError>) -> Outcome {
    for remark in &applied.remarks {
        app.printer.remark(remark);
    }
    for change in &applied.changed_by_server {
        app.printer.warning(&format!("the server has changed what it imported: {change}"));
    }
    let rows = super::rows(applied);
    let mut data = Data::rows(rows.into_iter());
    data.empty = if failure.is_none() { IN_STEP } else { "nothing was changed" };
    data.failure = failure;
    Outcome::Data(data)
}
