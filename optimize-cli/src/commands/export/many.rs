//! The work of an export of many reports.

use futures_util::StreamExt;
use futures_util::stream;
use optimize_api::{Client, CollectionId};
use optimize_bulk::{Compression, FormatKind, Table};
use optimize_definitions::{Kind, file_slug};
use serde_json::json;

use super::state::{Entry, ReportOutcome, State};
use super::{ManyArgs, Shard};
use crate::app::App;
use crate::commands::id;
use crate::error::CliError;
use crate::export::{Job, Output, Place, Report, file_name, now, table_name};
use crate::format::{Form, ending};
use crate::output::{Data, Outcome, counted};
use crate::progress::Progress;
use crate::sha256;

/// What an export of many reports works with.
pub(super) struct Run<'a> {
    pub(super) args: &'a ManyArgs,
    pub(super) app: &'a App,
    pub(super) client: Client,
    pub(super) form: Form,
}

impl ManyArgs {
    pub(super) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        app.check_columns(&["report", "name", "collection", "outcome", "rows", "files", "error"])?;
        if let Some(file) = &self.file {
            #[cfg(feature = "bulk")]
            return self.workbook(app, file).await;
            #[cfg(not(feature = "bulk"))]
            return Err(CliError::usage(format!(
                "write {}: this build cannot write workbooks: the released program can, and a build with the feature bulk",
                file.display()
            ))
            .stating());
        }
        let Some(directory) = &self.directory else {
            return Err(CliError::usage("say where to write to: -d DIR or -f FILE").stating());
        };
        let mut form = self.form.form(self.form.format.is_some_and(|(kind, _)| kind.is_typed()))?;
        form.kind.get_or_insert((FormatKind::Ndjson, Compression::None));
        let at_once = self.at_once(app)?;
        let target = Place::at(directory, app)?;
        target.create()?;
        let client = app.client().await?;
        let state_place = State::place(&target, self.shard);
        let run = Run { args: &self, app, client, form };
        let old = if self.resume { State::read(&state_place).await? } else { None };
        let form = run.described();
        if let Some(old) = old.as_ref().filter(|old| old.form != form) {
            return Err(CliError::usage(format!("continue the export: it was begun with {}, not {form}", old.form))
                .with_hint("pass the same options, or leave --resume out"));
        }
        let reports = run.reports(Some(&target)).await?;
        let entries = reports.iter().map(|(collection, report)| Run::entry(collection, report, old.as_ref()));
        let started = match &old {
            Some(old) => old.started.clone(),
            None => now(),
        };
        let mut state = State::new(started, self.shard, form, entries.collect());
        state.write(&state_place).await?;
        let pending = reports.iter().enumerate().filter(|(place, _)| !state.reports[*place].is_done());
        let pending: Vec<_> = pending.collect();
        let mut work = stream::iter(pending.into_iter().map(|(place, (collection, report))| {
            let (run, target) = (&run, &target);
            async move { (place, run.export(target, collection, report).await) }
        }))
        .buffer_unordered(at_once);
        while let Some((place, outcome)) = work.next().await {
            let entry = &mut state.reports[place];
            match outcome {
                Ok((rows, files)) => {
                    (entry.outcome, entry.rows, entry.files) = (ReportOutcome::Complete, rows, files);
                    entry.error = None;
                }
                Err(error) => {
                    entry.outcome = ReportOutcome::Failed;
                    entry.error = Some(error.message());
                }
            }
            state.write(&state_place).await?;
        }
        app.tally.set_rows(state.reports.iter().map(|entry| entry.rows).sum());
        Ok(outcome(&state.reports))
    }

    /// How many reports may be read at once: the cursors of all shares together stay within the budget.
    fn at_once(&self, app: &App) -> Result<usize, CliError> {
        // The first page that shows how long rows are has a cursor of its own.
        let cursors = if self.pages.page_size.is_some() { 1 } else { 2 };
        let most = self.cursor_budget / (self.shard.all * cursors);
        if most == 0 {
            return Err(CliError::usage(format!(
                "{} shares with {cursors} cursors each are more than --cursor-budget {}",
                self.shard.all, self.cursor_budget
            ))
            .stating());
        }
        if most < self.concurrency {
            app.printer.warning(&format!("{most} at once, not {}, to stay within --cursor-budget", self.concurrency));
        }
        Ok(usize::try_from(most.min(self.concurrency)).unwrap_or(1))
    }
}

/// A row for each report, and a failure if one failed.
pub(super) fn outcome(entries: &[Entry]) -> Outcome {
    let rows = entries.iter().map(|entry| {
        json!({
            "report": entry.report, "name": entry.name, "collection": entry.collection, "outcome": entry.outcome,
            "rows": entry.rows, "files": entry.files, "error": entry.error,
        })
    });
    let mut data = Data::rows(rows);
    let count = |outcome| entries.iter().filter(|entry| entry.outcome == outcome).count() as u64;
    let all = counted(entries.len() as u64, "report");
    let problem = match (count(ReportOutcome::Failed), count(ReportOutcome::Pending)) {
        (0, 0) => None,
        (failed, 0) => Some(format!("{failed} of {all} failed")),
        (0, pending) => Some(format!("{pending} of {all} still to do")),
        (failed, pending) => Some(format!("{failed} of {all} failed, {pending} still to do")),
    };
    data.failure = problem.map(|problem| {
        CliError::incomplete(format!("export every report: {problem}"))
            .with_hint("the rows say why; --resume does these again and leaves the others alone")
    });
    data.empty = "no reports";
    Outcome::Data(data)
}

impl Shard {
    /// Whether a report belongs to this share, whatever other reports there are.
    fn has(self, report: &str) -> bool {
        let sum = sha256::of_bytes(report.as_bytes());
        let number = u64::from_str_radix(&sum[..15], 16).unwrap_or_default();
        number % u64::from(self.all) == u64::from(self.number)
    }
}

impl Run<'_> {
    fn kind(&self) -> crate::format::Kind {
        self.form.kind.unwrap_or((FormatKind::Ndjson, Compression::None))
    }

    /// The options that make files what they are.
    fn described(&self) -> String {
        let mut words = vec![format!("--format {}", ending(self.kind()))];
        if let Some(table) = self.form.table {
            words.push(format!("--table {}", table_name(table)));
        }
        let options = self.args.form.options(&[]);
        words.extend(options.iter().map(|(name, value)| format!("--{name} {value}")));
        words.join(" ")
    }

    /// The reports of this share, each with its collection. Definitions are written to `target` on the way.
    pub(super) async fn reports(&self, target: Option<&Place>) -> Result<Vec<(String, Report)>, CliError> {
        let collections = if self.args.all {
            let all = self.client.collections().list().await?;
            all.iter().map(CollectionId::as_str).map(str::to_owned).collect()
        } else {
            self.args.collection.iter().map(|text| id::of("collection", text)).collect::<Result<Vec<_>, _>>()?
        };
        let mut reports = Vec::new();
        for collection in collections {
            let ids = crate::commands::list_known(Kind::Report, self.app, &collection).await?;
            let mut definitions = Vec::new();
            for kind in Kind::ALL {
                let listed =
                    if kind == Kind::Report { ids.clone() } else { kind.list(&self.client, &collection).await? };
                if !listed.is_empty() {
                    let exported = kind.export(&self.client, &listed).await?;
                    definitions.extend(exported.iter().filter(|definition| listed.contains(&definition.id)));
                }
            }
            let known = |id: &String| definitions.iter().find(|definition| definition.id == *id);
            let found = ids.iter().map(|id| known(id).map_or_else(|| Report::of_id(id), Report::of));
            reports.extend(
                found
                    .filter(|report| self.args.shard.has(&report.source.id))
                    .map(|report| (collection.clone(), report)),
            );
            let target = target.filter(|_| self.args.shard.has(&collection) && !definitions.is_empty());
            if let Some(target) = target {
                let directory = target.below(&file_name(&collection));
                directory.create()?;
                let all: optimize_api::Definitions = definitions.into_iter().collect();
                let place = directory.below("definitions.json");
                let written = place.write(all.as_bytes()).await;
                written.map_err(|error| crate::output::of_bulk(error, &place.shown()))?;
            }
        }
        Ok(reports)
    }

    /// What is known of a report before it is read.
    pub(super) fn entry(collection: &str, report: &Report, old: Option<&State>) -> Entry {
        let known = old.and_then(|old| old.reports.iter().find(|entry| entry.report == report.source.id));
        if let Some(known) = known.filter(|known| known.is_done()) {
            return known.clone();
        }
        let outcome = if report.is_combined { ReportOutcome::Combined } else { ReportOutcome::Pending };
        Entry {
            report: report.source.id.clone(),
            name: report.source.name.clone(),
            collection: collection.to_owned(),
            outcome,
            rows: 0,
            files: Vec::new(),
            error: None,
        }
    }

    /// Exports a report. Returns how many rows it has, and the paths of its files.
    async fn export(&self, target: &Place, collection: &str, report: &Report) -> Result<(u64, Vec<String>), CliError> {
        let kind = self.kind();
        let tables: Vec<Option<Table>> = match self.form.table {
            None if report.is_raw_process && kind.0.is_tabular() => vec![Some(Table::Instances), Some(Table::Events)],
            table => vec![table],
        };
        let directory = file_name(collection);
        target.below(&directory).create()?;
        let form = report.form(&self.form);
        let mut files = Vec::new();
        let mut outputs = Vec::new();
        for table in tables {
            let of_table = table.map(|table| format!(".{}", table_name(table))).unwrap_or_default();
            let stem = format!("{}.{}", file_slug(report.title()), file_name(&report.source.id));
            let file = format!("{directory}/{stem}{of_table}.{}", ending(kind));
            outputs.push(Output::new(target.below(&file), kind, table, &form, report));
            files.push(file);
        }
        let job = self.job(report, outputs, form);
        let mut progress = Progress::new(self.app.printer, true);
        let rows = job.run(&mut progress).await?;
        Ok((rows, files))
    }

    /// A report on its way into files.
    pub(super) fn job(&self, report: &Report, outputs: Vec<Output>, form: Form) -> Job<'_> {
        Job {
            app: self.app,
            rows: self.args.pages.of(self.client.reports().data(report.source.id.as_str())),
            report: report.clone(),
            outputs,
            form,
            restarts: self.args.pages.restarts(),
            may_replace: !self.args.no_clobber,
            has_manifest: true,
            is_quiet: true,
            schema_out: None,
            options: self.args.form.options(&[]),
        }
    }
}
