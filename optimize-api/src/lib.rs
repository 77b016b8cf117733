#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
//!
//! # Servers
//!
//! Works with every release of Camunda from Optimize 3.8 and Camunda 8.0 on: any 2xx of an operation without a response
//! is success, error bodies are read leniently, and what a release adds is passed through.

#[cfg(feature = "unstable")]
mod agentic;
#[cfg(feature = "blocking")]
mod blocking;
mod builder;
mod client;
mod collections;
mod dashboards;
mod date;
mod definitions;
mod error;
#[cfg(fuzzing)]
pub mod fuzzing;
mod hints;
mod hooks;
mod ids;
mod imports;
mod ingestion;
#[doc(hidden)]
pub mod json_text;
mod labels;
mod operation;
mod process_definitions;
mod raw;
mod readiness;
mod reports;
mod rows;
mod sharing;
mod streams;
#[cfg(feature = "test-util")]
pub mod testing;
mod transport;
mod variable_type;

#[cfg(feature = "unstable")]
pub use agentic::{AgenticDashboard, AgenticFilter};
#[cfg(feature = "blocking")]
pub use blocking::Blocking;
pub use builder::ClientBuilder;
pub use client::Client;
pub use collections::{Collection, Collections, ScopeEntry};
pub use dashboards::Dashboards;
pub use date::{Date, DateError};
pub use definitions::{Definition, DefinitionKind, Definitions};
pub use error::{ConflictedItem, Error, ErrorKind, MismatchingIndex, MissingDefinition, ServerError, ValidationError};
pub use hints::Hint;
pub use ids::{CollectionId, DashboardId, ReportId};
pub use imports::{Imported, Imports};
pub use ingestion::Ingestion;
pub use ingestion::batcher::{Element, Ingest};
pub use ingestion::events::CloudEvent;
pub use ingestion::outcome::{BatchOutcome, FailedElements, Outcomes, RefusedElement, RequestPreview, TryOutcomes};
pub use ingestion::variables::ExternalVariable;
pub use labels::{Labels, VariableLabel};
pub use operation::{Operation, Retry};
pub use process_definitions::ProcessDefinitions;
pub use raw::{RawRequest, RawResponse};
pub use readiness::Readiness;
pub use reports::Reports;
pub use reports::data_export::{DataExport, DataPage, PageData, Pages, Row, Rows, RowsAs};
pub use rows::{
    DecisionInstanceRow, DecisionVariable, FlowNodeDuration, FlowNodeInstance, GroupedRow, HyperMapRow, InstanceCounts,
    ProcessInstanceRow, VariableError,
};
pub use sharing::Sharing;
pub use streams::Items;
pub use transport::retry::RetryPolicy;
pub use variable_type::VariableType;
