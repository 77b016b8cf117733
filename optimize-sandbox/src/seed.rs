//! Demo data: an order process, an invoice process and a decision on insurance claims. The same seed gives the same rows.

mod bpmn;
pub(crate) mod definitions;
mod groups;
mod rows;

use std::borrow::Cow;

use serde_json::Value;

use crate::own::ReportData;
pub(crate) use groups::Groups;
use groups::{by_key, by_month, distributed};
use rows::{Line, Process};

/// A report of the demo data.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) id: String,
    pub(crate) collection: String,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Raw {
        rows: u64,
        line: Line,
    },
    Groups(Groups),
    /// The digits of a number, or nothing to compute.
    Number(Option<Cow<'static, str>>),
    /// Raw data of a test, a text for each row.
    OwnRows(Vec<String>),
    /// Groups of a test, how many there are and their text.
    OwnGroups(usize, String),
    /// Several reports side by side; it has a definition but no data.
    Combined,
    /// A report that was never finished.
    WithoutDefinition,
}

#[derive(Debug)]
pub(crate) struct Demo {
    seed: u64,
    reports: Vec<Report>,
}

const DASHBOARDS: [(&str, &str); 6] = [
    ("orders-overview", "orders"),
    ("orders-shipping", "orders"),
    ("invoices-overview", "invoices"),
    ("invoices-approval", "invoices"),
    ("claims-overview", "claims"),
    ("claims-payouts", "claims"),
];

impl Demo {
    pub(crate) fn new(seed: u64, largest_report: u64, own: Vec<(String, String, ReportData)>) -> Self {
        let own = own.into_iter().map(|(collection, id, data)| Report { id, collection, content: data.into() });
        // A report of a test takes the place of one that has its id.
        let mut reports: Vec<_> = own.collect();
        reports.extend(orders(seed, largest_report));
        reports.extend(invoices(seed));
        reports.extend(claims(seed));
        reports.extend(returns());
        Self { seed, reports }
    }

    pub(crate) fn reports(&self) -> &[Report] {
        &self.reports
    }

    pub(crate) fn report(&self, id: &str) -> Option<&Report> {
        self.reports.iter().find(|report| report.id == id)
    }

    #[expect(clippy::unused_self, reason = "callers ask the demo data; that dashboards are constant is its own affair")]
    pub(crate) fn dashboards(&self) -> &[(&'static str, &'static str)] {
        &DASHBOARDS
    }

    /// Appends one row of a raw-data report as JSON.
    pub(crate) fn write_row(&self, report: &Report, index: u64, out: &mut String) {
        match &report.content {
            Content::Raw { line, .. } => line.write(self.seed, index, out),
            Content::OwnRows(rows) => out
                .push_str(usize::try_from(index).ok().and_then(|index| rows.get(index)).map_or("null", String::as_str)),
            _ => {}
        }
    }
}

impl From<ReportData> for Content {
    fn from(data: ReportData) -> Self {
        match data {
            ReportData::Raw(rows) => Self::OwnRows(rows.iter().map(ToString::to_string).collect()),
            ReportData::Grouped(groups) => Self::OwnGroups(groups.len(), Value::from(groups).to_string()),
            ReportData::Number(number) => Self::Number(number.map(|number| Value::from(number).to_string().into())),
        }
    }
}

/// Flow nodes: id and name.
type Steps = &'static [(&'static str, &'static str)];

const ORDER_STEPS: [(&str, &str); 6] = [
    ("receiveOrder", "Receive order"),
    ("checkStock", "Check stock"),
    ("chargePayment", "Charge payment"),
    ("packGoods", "Pack goods"),
    ("shipGoods", "Ship goods"),
    ("notifyCustomer", "Notify customer"),
];

/// Not every flow node has a name, and gateways take no time.
const RETURN_STEPS: [(&str, &str); 5] = [
    ("goodsBack", "Goods are back"),
    ("gatewayDamaged", ""),
    ("inspect", "Inspect \"as new\" & repack"),
    ("gatewayDone", ""),
    ("refund", "Refund"),
];

const INVOICE_STEPS: [(&str, &str); 5] = [
    ("receiveInvoice", "Receive invoice"),
    ("assignApprover", "Assign approver"),
    ("approveInvoice", "Approve invoice"),
    ("prepareTransfer", "Prepare bank transfer"),
    ("archiveInvoice", "Archive invoice"),
];

fn orders(seed: u64, largest_report: u64) -> Vec<Report> {
    const STEPS: Steps = &ORDER_STEPS;
    const TIERS: [(&str, &str); 3] = [("gold", "Gold"), ("silver", "Silver"), ("new", "new")];
    const PEOPLE: [(&str, &str); 3] =
        [("ana", "Ana Silva"), ("ben", "Ben Okoro"), ("____unassigned____", "Unassigned")];
    let process = Process {
        key: "order-process",
        steps: STEPS,
        is_ugly: false,
        variables: &[
            ("orderTotal", &["18.75", "249.00", "1020.50", "7.10"]),
            ("customerTier", &["gold", "silver", "new"]),
            ("express", &["true", "false"]),
            ("couponCode", &["", "SPRING24", "", "WELCOME"]),
            ("items", &["Kettle", "Kettle, Toaster", "Lamp, Desk, Chair"]),
            ("country", &["DE", "FR", "PT", "JP"]),
        ],
    };
    let raw = |rows, open| Content::Raw { rows, line: Line::Process { process: process.clone(), open } };
    in_collection(
        "orders",
        [
            ("orders-raw", raw(largest_report, false)),
            ("orders-open", raw(1_840, true)),
            ("orders-express", raw(4_312, false)),
            ("orders-cancelled", raw(731, false)),
            ("orders-none", raw(0, false)),
            ("orders-count", Content::Number(Some("25000.0".into()))),
            ("orders-average-duration", Content::Number(Some("86412345.678".into()))),
            ("orders-refund-total", Content::Number(None)),
            ("orders-by-step", Content::Groups(by_key(seed, STEPS))),
            ("orders-duration-by-step", Content::Groups(by_key(seed + 1, STEPS))),
            ("orders-by-month", Content::Groups(by_month(seed, 12))),
            ("orders-by-tier", Content::Groups(by_key(seed + 2, &TIERS))),
            ("orders-by-month-and-person", Content::Groups(distributed(seed, 6, &PEOPLE))),
            ("orders-by-month-and-tier", Content::Groups(distributed(seed + 1, 12, &TIERS))),
            ("orders-side-by-side", Content::Combined),
            ("orders-draft", Content::WithoutDefinition),
        ],
    )
}

/// Values as real servers send them.
fn returns() -> Vec<Report> {
    let process = Process {
        key: "order-return",
        steps: &RETURN_STEPS,
        is_ugly: true,
        variables: &[
            ("weight", &["29.0", "7.31721956443E11", "0.001", ""]),
            ("fee", &["0,00 €", "12,50 €", ""]),
            ("contact", &["<<OBJECT_VARIABLE_VALUE>>"]),
            ("risks", &["late, damaged", "late", ""]),
            ("risks._listSize", &["2", "1", "0"]),
            ("trackingNumber", &["2251799813685251", "0034", "2251799813685252"]),
            ("note", &["=1+1", "a \"quote\", and\nanother line", "\u{1}odd", "<b>&amp;</b>", ""]),
        ],
    };
    in_collection(
        "returns",
        [("returns-raw", Content::Raw { rows: 600, line: Line::Process { process, open: false } })],
    )
}

fn invoices(seed: u64) -> Vec<Report> {
    const STEPS: Steps = &INVOICE_STEPS;
    const APPROVERS: [(&str, &str); 3] = [("demo", "Demo Demo"), ("john", "John Doe"), ("mary", "Mary Anne")];
    let process = Process {
        key: "invoice",
        steps: STEPS,
        is_ugly: false,
        variables: &[
            ("amount", &["30", "312.99", "10900", "4.00"]),
            (
                "creditor",
                &["Great Pizza for Everyone Inc.", "Bobby's Office \"Supplies\"", "Papa Steve's, all you can eat"],
            ),
            ("approved", &["true", "true", "false", ""]),
            ("invoiceCategory", &["Travel Expenses", "Misc", "Software License Costs"]),
        ],
    };
    let raw = |rows, open| Content::Raw { rows, line: Line::Process { process: process.clone(), open } };
    in_collection(
        "invoices",
        [
            ("invoices-raw", raw(3_200, false)),
            ("invoices-open", raw(214, true)),
            ("invoices-count", Content::Number(Some("3200.0".into()))),
            ("invoices-by-step", Content::Groups(by_key(seed + 3, STEPS))),
            ("invoices-by-approver", Content::Groups(by_key(seed + 4, &APPROVERS))),
            ("invoices-by-month", Content::Groups(by_month(seed + 1, 24))),
            ("invoices-by-month-and-approver", Content::Groups(distributed(seed + 2, 24, &APPROVERS))),
        ],
    )
}

fn claims(seed: u64) -> Vec<Report> {
    const RISKS: [(&str, &str); 3] = [("low", "Low"), ("medium", "Medium"), ("high", "High")];
    in_collection(
        "claims",
        [
            ("claims-raw", Content::Raw { rows: 2_450, line: Line::Decision }),
            ("claims-count", Content::Number(Some("2450.0".into()))),
            ("claims-by-risk", Content::Groups(by_key(seed + 5, &RISKS))),
            ("claims-by-month", Content::Groups(by_month(seed + 2, 18))),
            ("claims-by-month-and-risk", Content::Groups(distributed(seed + 3, 18, &RISKS))),
        ],
    )
}

fn in_collection<const N: usize>(collection: &'static str, reports: [(&'static str, Content); N]) -> Vec<Report> {
    let report =
        |(id, content): (&str, Content)| Report { id: id.to_owned(), collection: collection.to_owned(), content };
    reports.into_iter().map(report).collect()
}
