//! Rows of raw-data reports, each made from the seed and its index alone, so that no report takes memory.

use std::fmt::Write as _;

use fastrand::Rng;
use jiff::Timestamp;
use jiff::tz::TimeZone;

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
    /// Flow nodes in the order they are passed: id and name.
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
            Self::Process { process, open } => write_process(process, *open, index, start, &mut random, out),
            Self::Decision => write_decision(index, start, &mut random, out),
        };
    }
}

fn write_process(
    process: &Process,
    open: bool,
    index: u64,
    start: i64,
    random: &mut Rng,
    out: &mut String,
) -> std::fmt::Result {
    let key = process.key;
    let instance = 2_251_799_813_700_000 + index;
    let passed = if open { random.usize(1..process.steps.len()) } else { process.steps.len() };
    let durations: Vec<i64> = (0..passed).map(|_| random.i64(400..3_600_000)).collect();
    let version = 1 + index % 4;
    write!(
        out,
        "{{\"processDefinitionKey\":\"{key}\",\"processDefinitionId\":\"{key}:{version}:{}\",\
         \"processInstanceId\":\"{instance}\",\"counts\":{{\"incidents\":{},\"openIncidents\":0,\"userTasks\":{}}},\
         \"flowNodeDurations\":{{",
        2_251_799_813_690_000 + version,
        u8::from(random.u8(..) < 8),
        passed.min(2),
    )?;
    for (position, (id, name)) in process.steps.iter().enumerate() {
        let separator = if position > 0 { "," } else { "" };
        match durations.get(position) {
            Some(duration) => write!(out, "{separator}\"{id}\":{{\"name\":\"{name}\",\"value\":{duration}}}")?,
            None => write!(out, "{separator}\"{id}\":{{\"name\":\"{name}\",\"value\":null}}")?,
        }
    }
    out.push_str("},\"businessKey\":null,\"startDate\":");
    write_date(start, out)?;
    let total: i64 = durations.iter().sum();
    if open {
        out.push_str(",\"endDate\":null,\"duration\":null");
    } else {
        out.push_str(",\"endDate\":");
        write_date(start + total, out)?;
        write!(out, ",\"duration\":{total}")?;
    }
    out.push_str(",\"engineName\":null,\"tenantId\":null,\"variables\":{");
    for (position, (name, values)) in process.variables.iter().enumerate() {
        let value = values[random.usize(..values.len())].replace('"', "\\\"");
        let separator = if position > 0 { "," } else { "" };
        write!(out, "{separator}\"{name}\":\"{value}\"")?;
    }
    out.push_str("},\"flowNodeInstances\":[");
    let mut begin = start;
    for (position, duration) in durations.iter().enumerate() {
        let separator = if position > 0 { "," } else { "" };
        let name = process.steps[position].1;
        write!(out, "{separator}{{\"id\":\"{}\",\"name\":\"{name}\",\"startDate\":", instance * 10 + position as u64)?;
        write_date(begin, out)?;
        begin += duration;
        out.push_str(",\"endDate\":");
        write_date(begin, out)?;
        out.push('}');
    }
    out.push_str("]}");
    Ok(())
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
    write_date(start, out)?;
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
fn write_date(millisecond: i64, out: &mut String) -> std::fmt::Result {
    let date = Timestamp::from_millisecond(millisecond).unwrap_or_default().to_zoned(TimeZone::UTC).datetime();
    write!(
        out,
        "\"{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000\"",
        date.year(),
        date.month(),
        date.day(),
        date.hour(),
        date.minute(),
        date.second(),
        date.millisecond(),
    )
}
