//! A consumer group of Kafka, by `krafka`.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use krafka::Record;
use krafka::auth::{AuthConfig, OAuthBearerToken, TlsConfig};
use krafka::consumer::{AutoOffsetReset, Consumer, OffsetAndMetadata, TopicPartition};
use krafka::error::KrafkaError;
use krafka::producer::{Acks, Producer};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{MOST_BYTES, Message, Messages, PATIENCE, StreamAddress, StreamCredentials, StreamError};

/// A member that has not asked for messages for so long loses its partitions: the server may be down meanwhile.
const LONGEST_SILENCE: Duration = Duration::from_secs(30 * 60);

pub(super) struct Kafka {
    client: krafka::Kafka,
    consumer: Consumer,
    producer: Option<Producer>,
    most: usize,
    /// The offsets behind what was read and not committed.
    read: BTreeMap<(String, i32), i64>,
}

impl Kafka {
    pub(super) async fn open(
        address: &StreamAddress,
        credentials: &StreamCredentials,
        most: usize,
    ) -> Result<Self, StreamError> {
        let doing = |action: &'static str| {
            let brokers = address.brokers.clone();
            move |error: KrafkaError| StreamError {
                problem: format!("{action} Kafka at {brokers}: {}", described(&error)),
                is_temporary: error.is_retriable(),
            }
        };
        let client = krafka::Kafka::builder(address.brokers.clone())
            .client_id("optimize")
            .security(security(address, credentials)?)
            .connect()
            .await
            .map_err(doing("connect to"))?;
        let reset = if address.begins_at_latest { AutoOffsetReset::Latest } else { AutoOffsetReset::Earliest };
        let consumer = client
            .consumer(address.group.clone())
            .auto_offset_reset(reset)
            .enable_auto_commit(false)
            .max_poll_records(i32::try_from(most).unwrap_or(i32::MAX))
            .max_poll_interval(LONGEST_SILENCE)
            .build()
            .await
            .map_err(doing("connect to"))?;
        let found = consumer.fetch_metadata(Some(&address.topic)).await.map_err(doing("look for the topic in"))?;
        if found.topics.iter().all(|topic| topic.name != address.topic || topic.partition_count() == 0) {
            let problem =
                format!("Kafka at {} has no topic {}, or it is not for this user", address.brokers, address.topic);
            return Err(StreamError { problem, is_temporary: false });
        }
        consumer.subscribe([&address.topic]).await.map_err(doing("join the group in"))?;
        Ok(Self { client, consumer, producer: None, most, read: BTreeMap::new() })
    }
}

/// An error in one line.
fn described(error: &KrafkaError) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn failed(error: &KrafkaError) -> StreamError {
    StreamError {
        problem: format!("Kafka: {}", described(error)),
        is_temporary: error.is_retriable() || !error.is_fatal(),
    }
}

fn security(address: &StreamAddress, credentials: &StreamCredentials) -> Result<AuthConfig, StreamError> {
    let missing = |what: &str| StreamError { problem: format!("sasl needs {what}"), is_temporary: false };
    let user = || credentials.user.clone().ok_or_else(|| missing("OPTIMIZE_STREAM_USER"));
    let password = || {
        let password = credentials.password.as_ref().ok_or_else(|| missing("OPTIMIZE_STREAM_PASSWORD"));
        password.map(|password| password.expose_secret().to_owned())
    };
    let tls = || match &address.ca {
        Some(file) => TlsConfig::new().with_ca_cert(file.clone()),
        None => TlsConfig::new().with_native_roots(),
    };
    let config = match address.sasl.as_deref() {
        None if address.has_tls => return Ok(AuthConfig::ssl(tls())),
        None => return Ok(AuthConfig::plaintext()),
        Some("plain") => AuthConfig::sasl_plain(user()?, password()?),
        Some("scram-sha-256") => AuthConfig::sasl_scram_sha256(user()?, password()?),
        Some("scram-sha-512") => AuthConfig::sasl_scram_sha512(user()?, password()?),
        Some(_) => {
            let source = credentials.oauth.clone();
            let source = source.ok_or_else(|| {
                missing("OPTIMIZE_STREAM_CLIENT_ID, OPTIMIZE_STREAM_CLIENT_SECRET and OPTIMIZE_STREAM_TOKEN_URL")
            })?;
            AuthConfig::sasl_oauthbearer_provider(move || {
                let source = source.clone();
                async move {
                    let token = source.token().await.map_err(|error| KrafkaError::Auth {
                        message: format!("no token for Kafka: {error}"),
                        source: None,
                    })?;
                    Ok(OAuthBearerToken::new(token.secret().expose_secret()))
                }
            })
        }
    };
    Ok(if address.has_tls { config.with_tls(tls()) } else { config })
}

#[async_trait]
impl Messages for Kafka {
    async fn next(&mut self, linger: Duration) -> Result<Vec<Message>, StreamError> {
        let (mut messages, mut bytes) = (Vec::new(), 0);
        let mut until = None;
        loop {
            let patience = match until {
                None => PATIENCE,
                Some(until) => Instant::saturating_duration_since(&until, Instant::now()),
            };
            if messages.len() >= self.most || bytes >= MOST_BYTES || until.is_some() && patience.is_zero() {
                return Ok(messages);
            }
            let records = match self.consumer.poll(patience).await {
                Ok(records) => records,
                // What is there is not lost by what comes after it.
                Err(_) if !messages.is_empty() => return Ok(messages),
                Err(error) => return Err(failed(&error)),
            };
            if records.is_empty() {
                return Ok(messages);
            }
            until.get_or_insert_with(|| Instant::now() + linger);
            for record in records {
                let id = format!("{}/{}/{}", record.topic, record.partition, record.offset);
                self.read.insert((record.topic.to_string(), record.partition), record.offset + 1);
                let payload = record.value.unwrap_or_default();
                bytes += payload.len();
                messages.push(Message { id, payload });
            }
        }
    }

    async fn commit(&mut self) -> Result<(), StreamError> {
        let own = self.consumer.assignment().await;
        self.read.retain(|(topic, partition), _| own.get(topic).is_some_and(|owned| owned.contains(partition)));
        if self.read.is_empty() {
            return Ok(());
        }
        let offsets = self.read.iter().map(|((topic, partition), offset)| {
            (TopicPartition::new(topic.clone(), *partition), OffsetAndMetadata::new(*offset))
        });
        self.consumer.commit_offsets(offsets.collect::<Vec<_>>()).await.map_err(|error| failed(&error))?;
        self.read.clear();
        Ok(())
    }

    async fn publish(&mut self, topic: &str, payload: Vec<u8>) -> Result<(), StreamError> {
        let producer = match self.producer.take() {
            Some(producer) => producer,
            None => self.client.producer().acks(Acks::All).build().await.map_err(|error| failed(&error))?,
        };
        let sent = producer.send(Record::new(topic, payload)).await;
        self.producer = Some(producer);
        sent.map(drop).map_err(|error| failed(&error))
    }

    async fn close(&mut self) -> Result<(), StreamError> {
        if let Some(producer) = self.producer.take() {
            producer.close().await.map_err(|error| failed(&error))?;
        }
        self.consumer.close().await.map_err(|error| failed(&error))
    }
}
