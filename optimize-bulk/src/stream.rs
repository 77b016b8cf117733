//! Messages of a broker: what was not dealt with is not committed, so that it comes again.

#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use optimize_auth::Credentials;
use secrecy::SecretString;
use url::Url;

use crate::error::Error;

/// A message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Message {
    /// What names it: topic, partition and offset, or stream and sequence. It is the same when the message comes again.
    pub id: String,
    /// What it holds.
    pub payload: Bytes,
}

/// A failure of a broker.
#[derive(Clone, Debug)]
pub struct StreamError {
    /// In a sentence.
    pub problem: String,
    /// Whether it may go away by itself.
    pub is_temporary: bool,
}

impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem)
    }
}

impl std::error::Error for StreamError {}

/// The messages of a broker, as a member of a group.
#[async_trait]
pub trait Messages: Send {
    /// Waits for messages: for the first one up to a second, for more as long as `linger`. Returns none if there are none.
    async fn next(&mut self, linger: Duration) -> Result<Vec<Message>, StreamError>;

    /// Notes at the broker that all messages so far were dealt with. Those that belong to another member by now are left out.
    async fn commit(&mut self) -> Result<(), StreamError>;

    /// Sends a message to another topic or subject, and waits until the broker has it.
    async fn publish(&mut self, topic: &str, payload: Vec<u8>) -> Result<(), StreamError>;

    /// Leaves the group, so that others take over at once.
    async fn close(&mut self) -> Result<(), StreamError>;
}

/// What a broker wants to know of who reads.
#[derive(Clone, Debug, Default)]
pub struct StreamCredentials {
    /// The name of a user.
    pub user: Option<String>,
    /// Its password.
    pub password: Option<SecretString>,
    /// A token (NATS).
    pub token: Option<SecretString>,
    /// Where tokens for SASL/OAUTHBEARER come from (Kafka).
    pub oauth: Option<Credentials>,
}

/// A broker and what to read there: `kafka://HOST:PORT,HOST:PORT/TOPIC?group=GROUP` or `nats://HOST:PORT/STREAM?consumer=CONSUMER`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamAddress {
    /// `kafka` or `nats`.
    pub scheme: String,
    /// The brokers, with commas between them.
    pub brokers: String,
    /// The topic or stream.
    pub topic: String,
    /// The group or durable consumer.
    pub group: String,
    /// Whether TLS is used.
    pub has_tls: bool,
    /// A file with certificates that are trusted instead of those of the system.
    pub ca: Option<String>,
    /// `plain`, `scram-sha-256`, `scram-sha-512` or `oauthbearer`.
    pub sasl: Option<String>,
    /// Where to begin without a committed offset: at the earliest message, or at the latest.
    pub begins_at_latest: bool,
}

impl StreamAddress {
    /// Reads an address. Options are parts of its query: `group` or `consumer`, `tls=true`, `ca=FILE`, `sasl=MECHANISM`,
    /// `from=latest`. Credentials in it are an error.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |problem: &str| Error::Input(format!("--from {text}: {problem}"));
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| wrong("it is no address such as kafka://HOST:9092/TOPIC?group=GROUP"))?;
        let group_name = match scheme {
            "kafka" => "group",
            "nats" => "consumer",
            _ => return Err(wrong("it begins neither with kafka:// nor with nats://")),
        };
        if rest.contains('@') {
            return Err(Error::Input(
                "--from: an address must hold no credentials: set OPTIMIZE_STREAM_USER and OPTIMIZE_STREAM_PASSWORD"
                    .to_owned(),
            ));
        }
        let (brokers, path) = rest.split_once('/').unwrap_or((rest, ""));
        // Only one host is a URL.
        let url = Url::parse(&format!("stream://host/{path}")).map_err(|error| wrong(&error.to_string()))?;
        let topic = url.path().trim_matches('/').to_owned();
        let mut options: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let group = options.remove(group_name).filter(|group| !group.is_empty());
        let group = group.ok_or_else(|| wrong(&format!("it has no {group_name}: add ?{group_name}=NAME")))?;
        let has_tls = match options.remove("tls").as_deref() {
            None | Some("false") => false,
            Some("true") => true,
            Some(_) => return Err(wrong("tls is true or false")),
        };
        let sasl = options.remove("sasl");
        if let Some(other) = sasl.as_deref().filter(|sasl| !SASL.contains(sasl)) {
            return Err(wrong(&format!("sasl={other} is not one of {}", SASL.join(", "))));
        }
        let begins_at_latest = match options.remove("from").as_deref() {
            None | Some("earliest") => false,
            Some("latest") => true,
            Some(_) => return Err(wrong("from is earliest or latest")),
        };
        let ca = options.remove("ca");
        if let Some(name) = options.keys().next() {
            return Err(wrong(&format!("the option {name} is not known; there are {group_name}, tls, ca, sasl, from")));
        }
        if brokers.is_empty() || topic.is_empty() {
            return Err(wrong("it needs a broker and what to read there, as in kafka://HOST:9092/TOPIC?group=GROUP"));
        }
        Ok(Self {
            scheme: scheme.to_owned(),
            brokers: brokers.to_owned(),
            topic,
            group,
            has_tls,
            ca,
            sasl,
            begins_at_latest,
        })
    }

    /// Connects, and joins the group. At most so many messages are taken at a time.
    pub async fn open(&self, credentials: &StreamCredentials, most: usize) -> Result<Box<dyn Messages>, StreamError> {
        match self.scheme.as_str() {
            #[cfg(feature = "kafka")]
            "kafka" => Ok(Box::new(kafka::Kafka::open(self, credentials, most).await?)),
            #[cfg(feature = "nats")]
            "nats" => Ok(Box::new(nats::Nats::open(self, credentials, most).await?)),
            other => {
                let _ = (credentials, most);
                Err(StreamError { problem: format!("this build does not read from {other}"), is_temporary: false })
            }
        }
    }
}

const SASL: [&str; 4] = ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"];

/// Once there are so many bytes, no more messages are waited for.
const MOST_BYTES: usize = 16 << 20;

/// How long the first message is waited for.
const PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_what_is_wrong_with_them() {
        let read = |text: &str| StreamAddress::parse(text);
        let kafka = read("kafka://a:9092,b:9092/orders?group=g&tls=true&sasl=scram-sha-512&from=latest").unwrap();
        assert_eq!(
            (kafka.brokers.as_str(), kafka.topic.as_str(), kafka.group.as_str()),
            ("a:9092,b:9092", "orders", "g")
        );
        assert!(kafka.has_tls && kafka.begins_at_latest);
        assert_eq!(read("nats://a:4222/ORDERS?consumer=c").unwrap().group, "c");
        for (text, problem) in [
            ("orders", "it is no address"),
            ("amqp://a/b?group=c", "neither with kafka"),
            ("kafka://a:9092/orders", "add ?group=NAME"),
            ("nats://a/ORDERS?group=c", "it has no consumer"),
            ("kafka://a/orders?group=g&tls=maybe", "tls is true or false"),
            ("kafka://a/orders?group=g&sasl=gssapi", "is not one of plain"),
            ("kafka://a/orders?group=g&more=1", "the option more is not known"),
            ("kafka:///orders?group=g", "it needs a broker"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let error = read("kafka://user:secret-in-url@a/orders?group=g").unwrap_err().to_string();
        assert!(!error.contains("secret-in-url"), "{error}");
    }
}
