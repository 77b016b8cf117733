//! External variables, and labels of variables.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use optimize_api::{ExternalVariable, VariableLabel, VariableType};

use crate::app::App;
use crate::error::CliError;
use crate::ingest::Ingest;
use crate::input;
use crate::output::{Outcome, counted};

#[derive(Debug, Subcommand)]
pub(crate) enum Variable {
    /// Ingest variables from CSV, JSON, NDJSON, Excel, Parquet, Kafka or NATS
    ///
    /// A variable has `name`, `type`, `processInstanceId` and `processDefinitionKey`, and may have `value`, `id` and
    /// `serializationDataFormat`; these are the names of the columns too, where an empty cell is left out. A row
    /// without an id gets one from instance, name and type, so sending the same file twice creates no duplicates.
    ///
    /// Rows are checked before they are sent, their values by the type of the variable. A bad row is rejected with file, line and
    /// reason, and ends nothing. After a failure of the server nothing more is sent; with a journal the next run continues
    /// there. Success means that the server accepted every row; it shows the data after its next import round.
    Ingest(Box<Ingest>),
    /// Display names of variables
    #[command(subcommand)]
    Label(Label),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Label {
    Set(SetLabels),
}

/// Set labels of the variables of a process definition; others stay as they are
#[derive(Args, Debug)]
pub(crate) struct SetLabels {
    /// The key of the process definition
    #[arg(long, value_name = "KEY")]
    definition: String,
    /// A variable, its type and its label; an empty label removes it
    #[arg(value_name = "NAME:TYPE=LABEL", required_unless_present = "file", value_parser = label)]
    labels: Vec<VariableLabel>,
    /// A JSON array such as [{"variableName":"amount","variableType":"Double","variableLabel":"Amount"}]; - for standard
    /// input
    #[arg(long, value_name = "FILE", conflicts_with = "labels")]
    file: Option<PathBuf>,
}

/// The name may hold colons, the label anything: the type is what stands between them and is known.
fn label(text: &str) -> Result<VariableLabel, String> {
    let parts = text.match_indices('=').filter_map(|(place, _)| {
        let (name, word) = text[..place].rsplit_once(':')?;
        let variable_type = VariableType::from(word);
        (!matches!(variable_type, VariableType::Other(_))).then(|| (name, variable_type, &text[place + 1..]))
    });
    let (name, variable_type, label) = parts.into_iter().next().ok_or_else(|| {
        let types = VariableType::known().map(|known| known.to_string());
        format!("expected NAME:TYPE=LABEL with one of the types {}", types.join(", "))
    })?;
    Ok(VariableLabel::new(name, variable_type, label))
}

impl Variable {
    /// Whether something is sent.
    pub(crate) fn changes(&self) -> bool {
        match self {
            Self::Ingest(command) => command.changes(),
            Self::Label(_) => true,
        }
    }

    pub(crate) async fn run(self, app: &App) -> Result<Outcome, CliError> {
        match self {
            Self::Ingest(command) => {
                let batches = app.client().await?.ingestion().variable_batches();
                command.run::<ExternalVariable>(app, batches).await
            }
            Self::Label(Label::Set(command)) => command.run(app).await,
        }
    }
}

impl SetLabels {
    async fn run(self, app: &App) -> Result<Outcome, CliError> {
        let labels = match &self.file {
            None => self.labels,
            Some(file) => input::read_json(file, "the labels")?,
        };
        app.client().await?.labels().set(&self.definition, &labels).await?;
        app.printer.remark(&format!("set {} of {}", counted(labels.len() as u64, "label"), self.definition));
        Ok(Outcome::Done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colons_and_equals_signs_stay_where_they_belong() {
        let read = |text: &str| {
            let label = label(text).unwrap();
            (label.variable_name, label.variable_type.to_string(), label.variable_label)
        };
        let expected_label = |name: &str, word: &str, label: &str| (name.to_owned(), word.to_owned(), label.to_owned());
        assert_eq!(read("amount:double=Amount"), expected_label("amount", "Double", "Amount"));
        assert_eq!(read("a:b:String=x:Long=1"), expected_label("a:b", "String", "x:Long=1"));
        assert_eq!(read("a=b:Long=c"), expected_label("a=b", "Long", "c"));
        assert_eq!(read("a:Date="), expected_label("a", "Date", ""));
        assert!(label("amount=Amount").is_err() && label("amount:money=Amount").is_err());
    }
}
