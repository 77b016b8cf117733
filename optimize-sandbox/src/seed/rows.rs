//! Rows of raw-data reports, each made from the seed and its index alone, so that no report takes memory.

use std::fmt::Write as _;

use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// What the rows of a report are about.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    Process {
        process: Process,
        /// Whether all instances are still running.
        open: bool,
    },
    Decision,
}

#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) key: &'static str,
    /// Whether rows have what real ones do: flow nodes that are still running, gateways that take no time.
    pub(crate) is_ugly: bool,
    /// Flow nodes in the order they are passed: id and name, which may be empty.
    pub(crate) steps: &'static [(&'static str, &'static str)],
    /// Variables and the values they take. Every row has all names; a row without the variable has an empty text.
    pub(crate) variables: &'static [(&'static str, &'static [&'static str])],
}

/// 2024-01-01T00:00:00Z in milliseconds.
const FIRST_START: i64 = 1_704_067_200_000;
/// One instance starts about every 21 minutes.
const BETWEEN_STARTS: i64 = 1_260_000;

impl Line {
    pub(super) fn write(&self, seed: u64, index: u64, out: &mut String) {
        let mut random = Rng::with_seed(seed ^ index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        // Only an absurd index leaves the range of dates; such rows all start on the first day.
        let offset = i64::try_from(index).ok().and_then(|index| index.checked_mul(BETWEEN_STARTS)).unwrap_or(0);
        let start = FIRST_START + offset % (400 * 365 * 86_400_000) + random.i64(0..BETWEEN_STARTS);
        // Writing into a String cannot fail.
        let _ = match self {
            Self::Process { process, open } => {
                let row = process_row(process, *open, index, start, &mut random);
                out.write_str(&serde_json::to_string(&row).unwrap_or_default())
            }
            Self::Decision => write_decision(index, start, &mut random, out),
        };
    }
}

/// A row of a raw-data report about a process.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProcessRow<'a> {
    process_definition_key: &'a str,
    process_definition_id: String,
    process_instance_id: String,
    counts: Counts,
    flow_node_durations: Entries<'a, Step<'a>>,
    business_key: (),
    start_date: String,
    end_date: Option<String>,
    duration: Option<i64>,
    engine_name: (),
    tenant_id: (),
    variables: Entries<'a, &'a str>,
    flow_node_instances: Vec<FlowNode<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    incidents: u8,
    open_incidents: u8,
    user_tasks: usize,
}

#[derive(Serialize)]
struct Step<'a> {
    name: Option<&'a str>,
    value: Option<i64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlowNode<'a> {
    id: String,
    name: &'a str,
    start_date: String,
    end_date: Option<String>,
}

/// An object whose members keep their order.
struct Entries<'a, T>(Vec<(&'a str, T)>);

impl<T: Serialize> Serialize for Entries<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

fn process_row<'a>(process: &'a Process, open: bool, index: u64, start: i64, random: &mut Rng) -> ProcessRow<'a> {
    let instance = 2_251_799_813_700_000 + index;
    let passed = if open { random.usize(1..process.steps.len()) } else { process.steps.len() };
    // Some instances of an ugly process are still at one of their flow nodes.
    let waits = process.is_ugly && index.is_multiple_of(5);
    let passed = if waits { 1 + random.usize(..process.steps.len()) } else { passed };
    let open = open || waits;
    let is_gateway = |place: usize| process.is_ugly && process.steps[place].1.is_empty();
    let durations: Vec<i64> =
        (0..passed).map(|place| if is_gateway(place) { 0 } else { random.i64(400..3_600_000) }).collect();
    let version = 1 + index % 4;
    let counts = Counts { incidents: u8::from(random.u8(..) < 8), open_incidents: 0, user_tasks: passed.min(2) };
    let steps = process.steps.iter().enumerate();
    let is_here = |place: usize| waits && place + 1 == passed;
    let steps = steps.map(|(place, (id, name))| {
        let value = durations.get(place).copied().filter(|_| !is_here(place));
        (*id, Step { name: Some(*name).filter(|name| !name.is_empty()), value })
    });
    let total: i64 = durations.iter().sum();
    let mut begin = start;
    let nodes = durations.iter().zip(process.steps).enumerate().map(|(place, (duration, (id, name)))| {
        let start_date = date(begin);
        begin += duration;
        let end_date = (!is_here(place)).then(|| date(begin));
        let name = if name.is_empty() { id } else { name };
        FlowNode { id: (instance * 10 + place as u64).to_string(), name, start_date, end_date }
    });
    let nodes = nodes.collect();
    let variables = process.variables.iter().map(|(name, values)| (*name, values[random.usize(..values.len())]));
    ProcessRow {
        process_definition_key: process.key,
        process_definition_id: format!("{}:{version}:{}", process.key, 2_251_799_813_690_000 + version),
        process_instance_id: instance.to_string(),
        counts,
        flow_node_durations: Entries(steps.collect()),
        business_key: (),
        start_date: date(start),
        end_date: (!open).then(|| date(start + total)),
        duration: (!open).then_some(total),
        engine_name: (),
        tenant_id: (),
        variables: Entries(variables.collect()),
        flow_node_instances: nodes,
    }
}

fn write_decision(index: u64, start: i64, random: &mut Rng, out: &mut String) -> std::fmt::Result {
    const RISKS: [&str; 3] = ["low", "medium", "high"];
    let amount = random.u32(100..90_000);
    let risk = RISKS[random.usize(..RISKS.len())];
    write!(
        out,
        "{{\"decisionDefinitionKey\":\"assess-claim\",\"decisionDefinitionId\":\"assess-claim:2:88\",\
         \"decisionInstanceId\":\"{}-1\",\"processInstanceId\":null,\"evaluationDateTime\":",
        880_000 + index,
    )?;
    write!(out, "\"{}\"", date(start))?;
    write!(
        out,
        ",\"engineName\":null,\"tenantId\":null,\"inputVariables\":{{\
         \"amount\":{{\"id\":\"amount\",\"name\":\"Claimed amount\",\"type\":\"Double\",\"value\":{amount}.5}},\
         \"region\":{{\"id\":\"region\",\"name\":\"Region\",\"type\":\"String\",\"value\":\"EU\"}}}},\
         \"outputVariables\":{{\
         \"risk\":{{\"id\":\"risk\",\"name\":\"Risk\",\"type\":\"String\",\"values\":[\"{risk}\"]}},\
         \"checks\":{{\"id\":\"checks\",\"name\":\"Checks\",\"type\":\"String\",\"values\":[\"identity\",\"photos\"]}}}}}}",
    )
}

/// Optimize's date: three fraction digits and an offset without a colon.
fn date(millisecond: i64) -> String {
    let date = Timestamp::from_millisecond(millisecond).unwrap_or_default().to_zoned(TimeZone::UTC).datetime();
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minute(),
        date.second(),
        date.millisecond(),
    )
}
