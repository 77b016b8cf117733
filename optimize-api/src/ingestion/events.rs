//! `CloudEvents` 1.0, for Camunda 7.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::batcher::Element;
use super::batcher::sealed::Sealed;
use crate::date::Date;

/// The media type of a batch of `CloudEvents`.
pub(super) const BATCH_TYPE: &str = "application/cloudevents-batch+json";

/// An external event.
///
/// It is read from a JSON object. Other attributes of `CloudEvents` are allowed and left out, since the server ignores them.
///
/// ```
/// use optimize_api::CloudEvent;
///
/// let event = CloudEvent::new("ev-1", "depot-scanner", "parcelArrived", "parcel-778")
///     .with_time("2024-03-05T14:07:09Z".parse()?)
///     .with_group("depots");
/// assert!(serde_json::to_string(&event)?.contains(r#""time":"2024-03-05T14:07:09.000Z""#));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(expecting = "a JSON object")]
#[non_exhaustive]
pub struct CloudEvent {
    #[serde(default)]
    specversion: Version,
    /// Names the event. The same id again overrides it.
    pub id: String,
    /// Where it comes from. The server keeps `camunda` for itself.
    pub source: String,
    /// What has happened.
    #[serde(rename = "type")]
    pub event_type: String,
    /// What belongs together: the correlation key.
    pub traceid: String,
    /// When; now if absent. It is written as RFC 3339 has it, and read with any offset.
    #[serde(default, deserialize_with = "time", serialize_with = "rfc_3339", skip_serializing_if = "Option::is_none")]
    pub time: Option<Date>,
    /// A group of events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Anything; nested values become variables of the event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Box<RawValue>>,
}

/// The version of `CloudEvents`.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
enum Version {
    #[default]
    #[serde(rename = "1.0")]
    V1,
}

impl CloudEvent {
    /// An event that happens now, without data.
    pub fn new(
        id: impl Into<String>,
        source: impl Into<String>,
        event_type: impl Into<String>,
        traceid: impl Into<String>,
    ) -> Self {
        Self {
            specversion: Version::V1,
            id: id.into(),
            source: source.into(),
            event_type: event_type.into(),
            traceid: traceid.into(),
            time: None,
            group: None,
            data: None,
        }
    }

    /// When it happened.
    pub fn with_time(mut self, time: Date) -> Self {
        self.time = Some(time);
        self
    }

    /// The group it belongs to.
    pub fn with_group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// What it is about.
    pub fn with_data(mut self, data: Box<RawValue>) -> Self {
        self.data = Some(data);
        self
    }
}

/// Data is compared as the text it is.
impl PartialEq for CloudEvent {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
            && self.source == other.source
            && self.event_type == other.event_type
            && self.traceid == other.traceid
            && self.time == other.time
            && self.group == other.group
            && self.data.as_deref().map(RawValue::get) == other.data.as_deref().map(RawValue::get)
    }
}

/// `CloudEvents` has dates with a colon in the offset, or `Z`.
#[expect(clippy::ref_option, reason = "the signature is serde's")]
fn rfc_3339<S: Serializer>(time: &Option<Date>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(|time| time.to_string().replace("+0000", "Z")).serialize(serializer)
}

/// A date, with the field in the error.
fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    text.parse().map(Some).map_err(|error| D::Error::custom(format!("time: {error}")))
}

impl Sealed for CloudEvent {}

impl Element for CloudEvent {
    fn id(&self) -> &str {
        &self.id
    }

    fn check(&self) -> Result<(), String> {
        for (name, value) in
            [("id", &self.id), ("source", &self.source), ("type", &self.event_type), ("traceid", &self.traceid)]
        {
            if value.trim().is_empty() {
                return Err(format!("{name}: must not be blank"));
            }
        }
        if self.source.eq_ignore_ascii_case("camunda") {
            return Err("source: the server keeps `camunda` for itself".to_owned());
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_written_as_the_contract_has_it() {
        let data = RawValue::from_string("{\"gate\":4}".to_owned()).unwrap();
        let event = CloudEvent::new("ev-1", "depot-scanner", "parcelArrived", "parcel-778")
            .with_data(data)
            .with_group("depots");
        let event = event.with_time("2024-03-05T15:07:09.12+01:00".parse().unwrap());
        insta::assert_snapshot!(serde_json::to_string(&event).unwrap(), @r#"{"specversion":"1.0","id":"ev-1","source":"depot-scanner","type":"parcelArrived","traceid":"parcel-778","time":"2024-03-05T14:07:09.120Z","group":"depots","data":{"gate":4}}"#);
        assert!(CloudEvent::new("1", "Camunda", "t", "c").check().is_err());
        assert!(CloudEvent::new("1", "s", "", "c").check().is_err());
    }
}
