//! What the definition of a report says about its rows.

use optimize_api::json_text::JsonText;
use optimize_api::{Client, Definition, DefinitionKind};
use optimize_bulk::{Activities, ReportSource};

use crate::format::Form;
use crate::printer::Printer;
use crate::sha256;

/// What is known of a report.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    pub(crate) source: ReportSource,
    /// What the values of a grouped report count.
    pub(crate) unit: Option<String>,
    /// The flow nodes of its process.
    pub(crate) activities: Activities,
    /// Whether it has several reports in it, and no data of its own.
    pub(crate) is_combined: bool,
    /// Whether its rows are process instances.
    pub(crate) is_raw_process: bool,
}

impl Report {
    /// Reads the definition. Without it names and units are missing, which is no more than a warning: the rows are all there.
    pub(crate) async fn read(client: &Client, id: &str, warns: Option<Printer>) -> Self {
        match client.reports().export_definitions(&[id.into()]).await {
            Ok(definitions) => match definitions.iter().find(|definition| definition.id == id) {
                Some(definition) => Self::of(&definition),
                None => Self::of_id(id),
            },
            Err(error) => {
                tracing::info!(%error, "no definition");
                if let Some(printer) = warns {
                    printer.warning(&format!(
                        "the definition of {id} cannot be read, so that names and units are missing: {error}"
                    ));
                }
                Self::of_id(id)
            }
        }
    }

    /// A report without a definition.
    pub(crate) fn of_id(id: &str) -> Self {
        Self { source: ReportSource::new(id), ..Self::default() }
    }

    pub(crate) fn of(definition: &Definition) -> Self {
        let mut source = ReportSource::new(definition.id.as_str());
        source.name.clone_from(&definition.name);
        source.definition = sha256::of_bytes(definition.json().as_bytes());
        let json = JsonText::parse(definition.json().as_bytes());
        let data = json.and_then(|json| json.member("data"));
        let text = |path: &str| data.and_then(|data| data.at(path)?.string());
        let xml = text("configuration.xml");
        let view = data.and_then(|data| data.member("view"));
        let property = view.and_then(|view| view.member("properties")?.elements()?.first()?.string());
        let property = property.or_else(|| text("view.property"));
        let is_process = definition.kind == DefinitionKind::SingleProcessReport;
        let unit = match property.as_deref() {
            Some("duration") => Some("ms"),
            Some("frequency") => Some("count"),
            Some("percentage") => Some("%"),
            _ => None,
        };
        Self {
            source,
            unit: unit.map(str::to_owned),
            activities: xml.as_deref().map(Activities::of_bpmn).unwrap_or_default(),
            is_raw_process: is_process && property.as_deref() == Some("rawData"),
            is_combined: definition.kind == DefinitionKind::CombinedReport,
        }
    }

    /// The form of files of this report: with its title, and the unit of its values.
    pub(crate) fn form(&self, form: &Form) -> Form {
        let mut form = form.clone();
        self.title().clone_into(&mut form.options.title);
        form.options.value_unit.clone_from(&self.unit);
        form
    }

    /// What a sheet and a log are called.
    pub(crate) fn title(&self) -> &str {
        if self.source.name.is_empty() { &self.source.id } else { &self.source.name }
    }
}
