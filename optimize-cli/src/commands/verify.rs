//! Whether files are what their manifests say.

use std::path::PathBuf;

use clap::Args;
use optimize_bulk::{Finding, Manifest};
use serde_json::{Value, json};

use crate::app::App;
use crate::error::CliError;
use crate::export::Place;
use crate::output::{Data, Outcome, counted};

/// Check that exported files are complete and as they were written
///
/// Compares each file with the manifest beside it. Exits with 8 if a file differs, is missing, or has no manifest.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// Files, directories, or URLs of object stores
    #[arg(value_name = "FILE", required = true)]
    targets: Vec<PathBuf>,
}

impl Verify {
    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let (mut rows, mut bad) = (Vec::new(), 0_u64);
        for target in &self.targets {
            for place in files(&Place::at(target, app)?).await? {
                let (finding, manifest) =
                    place.verify().await.map_err(|error| CliError::config(error.to_string()).stating())?;
                bad += u64::from(finding != Finding::Complete);
                rows.push(row(&place, &finding, manifest.as_ref()));
            }
        }
        let all = rows.len() as u64;
        let mut data = Data::rows(rows.into_iter());
        data.empty = "no files of an export";
        data.failure = (bad > 0)
            .then(|| CliError::incomplete(format!("{bad} of {} not as written", counted(all, "file"))).stating());
        Ok(Outcome::Data(data))
    }
}

fn row(place: &Place, finding: &Finding, manifest: Option<&Manifest>) -> Value {
    json!({
        "file": place.shown(),
        "outcome": finding.to_string(),
        "report": manifest.map(|manifest| manifest.report.id.as_str()),
        "rows": manifest.map(|manifest| manifest.rows),
        "bytes": manifest.map(|manifest| manifest.bytes),
        "snapshot": manifest.map(|manifest| manifest.snapshot.as_str()),
    })
}

/// The files of a target: itself, or all below it, whether they have a manifest or a manifest has no file.
async fn files(target: &Place) -> Result<Vec<Place>, CliError> {
    let is_directory = match target {
        Place::Local(path) => match path.metadata() {
            Ok(found) => found.is_dir(),
            Err(_) if Manifest::path(path).exists() => false,
            Err(error) => return Err(CliError::io(format!("read {}", path.display()), error)),
        },
        #[cfg(feature = "bulk")]
        Place::Store(_) => {
            target.manifest().await.map_err(|error| CliError::config(error.to_string()).stating())?.is_none()
        }
    };
    if !is_directory {
        return Ok(vec![target.clone()]);
    }
    let names = target.list().await?;
    let mut files: Vec<String> = Vec::new();
    for name in &names {
        let last = name.rsplit('/').next().unwrap_or(name);
        let is_ours = last.starts_with("optimize-export.") || last == "definitions.json" || last.starts_with('.');
        let file = Manifest::file_of(name).unwrap_or(name);
        if !is_ours && !files.iter().any(|known| known == file) {
            files.push(file.to_owned());
        }
    }
    Ok(files.iter().map(|file| target.below(file)).collect())
}
