//! Reports and dashboards as files in git.

mod connect;
mod show;

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use optimize_definitions::{
    Applied, Difference, Environment, Plan, Project, PullRules, Rules, Status, check_files, format_files,
};
use serde_json::json;

use super::id;
use crate::app::App;
use crate::error::CliError;
use crate::format::Format;
use crate::output::{Data, Document, Outcome, counted};
use connect::Place;

#[derive(Debug, Subcommand)]
pub(crate) enum DefinitionsCommand {
    Apply(Apply),
    /// Check the files without a server, for pull requests
    Check(Here),
    Diff(Diff),
    Drift(Drift),
    /// Write every file in canonical form
    Fmt(Here),
    Init(Init),
    Plan(MakePlan),
    Promote(Promote),
    Pull(Pull),
    /// Delete what an apply that did not end has made
    Undo(Place),
}

/// The project alone.
#[derive(Args, Debug)]
pub(crate) struct Here {
    /// The directory of the project, or one below it
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    project: PathBuf,
}

/// Begin a project: which collections it has
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// A collection, as its id or NAME=ID; NAME is the name of its directory
    #[arg(long = "collection", value_name = "[NAME=]ID", required = true)]
    collections: Vec<String>,
    /// The name of the environment; the profile by default, or `dev`
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// The directory of the project
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    project: PathBuf,
}

/// Write what the server has into files
///
/// One canonical file for each report and dashboard, the scope of each collection, and a lock with ids and digests.
#[derive(Args, Debug)]
pub(crate) struct Pull {
    #[command(flatten)]
    place: Place,
    /// Remove files of what is gone from the server
    #[arg(long)]
    prune: bool,
    /// Overwrite changes of files
    #[arg(long)]
    take_theirs: bool,
    /// Keep the BPMN of each process in a file, too
    #[arg(long)]
    with_xml: bool,
}

/// Show what differs between files and server; exit with 1 if anything does
#[derive(Args, Debug)]
pub(crate) struct Diff {
    #[command(flatten)]
    place: Place,
    /// As Markdown, for a comment on a pull request
    #[arg(long)]
    markdown: bool,
}

/// Show what has changed on the server since it was last in step
#[derive(Args, Debug)]
pub(crate) struct Drift {
    #[command(flatten)]
    place: Place,
    /// Exit with 1 if there is drift
    #[arg(long)]
    exit_code: bool,
}

/// How an apply treats what is not plain.
#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "flags are independent of each other")]
struct RuleArgs {
    /// Overwrite what has changed on the server
    #[arg(long)]
    take_mine: bool,
    /// Delete what has no file any more
    #[arg(long)]
    prune: bool,
    /// `target` takes the index versions of the server, whatever those of the files were
    #[arg(long, value_name = "WHICH")]
    index_version: Option<IndexVersion>,
    /// Add to the scope of a collection what is used and missing there
    #[arg(long)]
    extend_scope: bool,
    /// Leave filters of variables out of dashboards, for Camunda 8.8 and 8.9
    #[arg(long)]
    without_variable_filters: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum IndexVersion {
    /// Those of the server
    Target,
}

impl RuleArgs {
    fn rules(&self) -> Rules {
        let mut rules = Rules::default();
        rules.take_mine = self.take_mine;
        rules.prune = self.prune;
        rules.target_index_versions = self.index_version.is_some();
        rules.extend_scope = self.extend_scope;
        rules.without_variable_filters = self.without_variable_filters;
        rules
    }
}

/// Show what an apply would do, and what is lost
#[derive(Args, Debug)]
pub(crate) struct MakePlan {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RuleArgs,
    /// Save the plan in this file, for `apply FILE`
    #[arg(short, long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// As Markdown, for a comment on a pull request
    #[arg(long)]
    markdown: bool,
}

/// Bring the server in step with the files
///
/// Each set of definitions that use each other is imported in one request, which is never repeated; what it replaces is
/// deleted only once the new ones are there. An apply that was killed is finished by the next one.
#[derive(Args, Debug)]
pub(crate) struct Apply {
    /// A saved plan; it is refused if anything has moved since
    #[arg(value_name = "PLAN")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RuleArgs,
}

/// Apply the files of one environment to another, with the rewrite rules of that
#[derive(Args, Debug)]
pub(crate) struct Promote {
    /// The environment that the files must be in step with
    #[arg(long, value_name = "ENV")]
    from: String,
    /// The environment to bring in step
    #[arg(long, value_name = "ENV")]
    to: String,
    #[command(flatten)]
    rules: RuleArgs,
    /// The directory of the project, or one below it
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    project: PathBuf,
}

impl DefinitionsCommand {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Apply(command) => command.run(app).await,
            Self::Check(here) => check(&here),
            Self::Diff(command) => {
                let (environment, _) = command.place.connect(app).await?;
                differences(app, &environment, command.markdown, true, |status| status != Status::Same).await
            }
            Self::Drift(command) => {
                let (environment, _) = command.place.connect(app).await?;
                let is_drift = |status| {
                    matches!(status, Status::ChangedThere | Status::Conflict | Status::RemovedThere | Status::OnlyThere)
                };
                differences(app, &environment, false, command.exit_code, is_drift).await
            }
            Self::Fmt(here) => {
                let written = format_files(&Project::find(&here.project)?)?;
                let mut data = Data::rows(written.iter().map(|path| json!({ "file": path.display().to_string() })));
                data.empty = "every file is in canonical form";
                Ok(Outcome::Data(data))
            }
            Self::Init(command) => command.run(app),
            Self::Plan(command) => command.run(app).await,
            Self::Promote(command) => command.run(app).await,
            Self::Pull(command) => command.run(app).await,
            Self::Undo(place) => {
                let (environment, _) = place.connect(app).await?;
                let hold = environment.hold()?;
                app.confirm("Delete what the apply that did not end has made?")?;
                Ok(show::applied(&environment.undo(&hold).await?, app, None))
            }
        }
    }
}

fn check(here: &Here) -> Result<Outcome, CliError> {
    let problems = check_files(&Project::find(&here.project)?);
    let mut data = Data::rows(problems.iter().map(|problem| json!({ "problem": problem })));
    data.wraps = true;
    data.empty = "no problem was found";
    data.failure = (!problems.is_empty()).then(|| {
        CliError::config(format!("the check has found {}", counted(problems.len() as u64, "problem"))).stating()
    });
    Ok(Outcome::Data(data))
}

async fn differences(
    app: &App,
    environment: &Environment,
    as_markdown: bool,
    fails: bool,
    counts: impl Fn(Status) -> bool,
) -> Result<Outcome, CliError> {
    let all = environment.differences().await?;
    let shown: Vec<Difference> = all.into_iter().filter(|difference| counts(difference.status)).collect();
    let failure = (fails && !shown.is_empty()).then(CliError::different);
    if !as_markdown && !is_for_people(app) {
        let rows: Vec<_> = shown.iter().filter_map(|difference| serde_json::to_value(difference).ok()).collect();
        let mut data = Data::rows(rows.into_iter());
        data.empty = show::IN_STEP;
        data.failure = failure;
        return Ok(Outcome::Data(data));
    }
    if shown.is_empty() {
        app.printer.remark(show::IN_STEP);
        return Ok(Outcome::Done);
    }
    let text = if as_markdown { show::markdown(&shown) } else { show::review(&shown) };
    let mut document = Document::new(text, None);
    document.failure = failure;
    Ok(Outcome::Document(document))
}

/// Whether no machine-readable format was asked for.
fn is_for_people(app: &App) -> bool {
    matches!(Format::of_settings(&app.settings), None | Some(Format::Auto | Format::Table))
}

impl Init {
    fn run(self, app: &App) -> Result<Outcome, CliError> {
        let mut collections = Vec::new();
        for text in &self.collections {
            let (name, id) = text.split_once('=').unwrap_or(("", text));
            let id = id::of("collection", id)?;
            let name = if name.is_empty() { id.clone() } else { name.to_owned() };
            collections.push((name, id));
        }
        let profile = app.settings.profile.as_deref();
        let environment = self.env.as_deref().or(profile).unwrap_or("dev");
        Project::init(&self.project, environment, profile, &collections)?;
        let path = self.project.join(optimize_definitions::FILE);
        app.printer.remark(&format!("wrote {}; next: optimize definitions pull", path.display()));
        Ok(Outcome::Done)
    }
}

impl Pull {
    async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let (environment, project) = self.place.connect(app).await?;
        let mut rules = PullRules::default();
        rules.prune = self.prune;
        rules.take_theirs = self.take_theirs;
        rules.with_xml = self.with_xml;
        let pulled = environment.pull(rules).await?;
        let shown = |path: &PathBuf| path.strip_prefix(project.root()).unwrap_or(path).display().to_string();
        let rows = pulled.written.iter().map(|path| json!({ "file": shown(path), "action": "written" }));
        let rows = rows.chain(pulled.removed.iter().map(|path| json!({ "file": shown(path), "action": "removed" })));
        let rows: Vec<_> = rows.collect();
        for gone in &pulled.gone {
            app.printer.warning(&format!("{}: it is gone from the server; --prune removes the file", shown(gone)));
        }
        app.printer.remark(&format!("{} unchanged", counted(pulled.unchanged as u64, "file")));
        let mut data = Data::rows(rows.into_iter());
        data.empty = "no file was written";
        Ok(Outcome::Data(data))
    }
}

impl MakePlan {
    async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let (environment, _) = self.place.connect(app).await?;
        let plan = environment.plan(self.rules.rules()).await?;
        if let Some(file) = &self.file {
            plan.write(file)?;
            app.printer.remark(&format!("wrote {}", file.display()));
        }
        if self.markdown {
            return Ok(Outcome::Document(Document::new(show::plan_markdown(&plan), None)));
        }
        if !is_for_people(app) {
            let plan =
                serde_json::to_value(&plan).map_err(|error| CliError::config(format!("write the plan: {error}")))?;
            return Ok(Outcome::Data(Data::record(&plan)));
        }
        if plan.is_empty() {
            app.printer.remark("there is nothing to do");
            return Ok(Outcome::Done);
        }
        Ok(Outcome::Document(Document::new(show::plan(&plan), None)))
    }
}

impl Apply {
    async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let (environment, _) = self.place.connect(app).await?;
        let saved = self.plan.as_deref().map(Plan::read).transpose()?;
        let rules = saved.as_ref().map_or_else(|| self.rules.rules(), |plan| plan.rules);
        apply(app, &environment, rules, saved).await
    }
}

async fn apply(app: &App, environment: &Environment, rules: Rules, saved: Option<Plan>) -> Result<Outcome, CliError> {
    let hold = environment.hold()?;
    let mut applied = environment.recover(&hold).await?;
    let plan = match saved {
        Some(plan) if applied.imported.is_empty() && applied.deleted.is_empty() => {
            environment.check_plan(&plan).await?;
            plan
        }
        // What the recovery has done is done; the rest is as it is now.
        _ => environment.plan(rules).await?,
    };
    if plan.is_empty() {
        return Ok(show::applied(&applied, app, None));
    }
    for line in show::plan(&plan).lines() {
        app.printer.say(line);
    }
    app.confirm(&format!("Apply this to {}?", plan.server))?;
    let outcome = environment.apply_into(&plan, &hold, &mut applied).await;
    Ok(show::applied(&applied, app, outcome.err().map(CliError::from)))
}

impl Promote {
    async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let from = Place::of(&self.from, &self.project);
        let (source, _) = from.connect(app).await?;
        let open: Vec<_> = source.differences().await?;
        let open = open.iter().filter(|difference| !matches!(difference.status, Status::Same | Status::OnlyThere));
        let open: Vec<_> = open.map(|difference| format!("{} ({})", difference.file, difference.status)).collect();
        if !open.is_empty() {
            return Err(CliError::config(format!(
                "files and the environment {} are not in step: {}",
                self.from,
                open.join(", ")
            ))
            .stating()
            .with_hint("pull or apply there first, so that what is promoted is what was tried"));
        }
        let (target, _) = Place::of(&self.to, &self.project).connect(app).await?;
        apply(app, &target, self.rules.rules(), None).await
    }
}

/// The applied changes as rows.
pub(super) fn rows(applied: &Applied) -> Vec<serde_json::Value> {
    let imported = applied.imported.iter().map(|new| {
        json!({ "action": "imported", "collection": new.collection, "file": new.file, "name": new.name, "id": new.id })
    });
    let deleted = applied.deleted.iter().map(|old| {
        json!({ "action": "deleted", "collection": old.collection, "file": old.file, "name": old.name, "id": old.id })
    });
    imported.chain(deleted).collect()
}
