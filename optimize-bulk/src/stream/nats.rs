//! A durable pull consumer of NATS `JetStream`, by `async-nats`.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, PullConsumer, pull};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectOptions, Event};
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use secrecy::ExposeSecret;
use tokio::time::timeout;

use super::{MOST_BYTES, Message, Messages, PATIENCE, StreamAddress, StreamCredentials, StreamError};

/// A message that was not acknowledged for so long comes again.
const ACK_WAIT: Duration = Duration::from_secs(60);

pub(super) struct Nats {
    client: async_nats::Client,
    context: Context,
    consumer: PullConsumer,
    most: usize,
    /// What was read and not acknowledged.
    read: Vec<jetstream::Message>,
}

impl Nats {
    pub(super) async fn open(
        address: &StreamAddress,
        credentials: &StreamCredentials,
        most: usize,
    ) -> Result<Self, StreamError> {
        let at = format!("NATS at {}", address.brokers);
        let failed = |action: &str, error: &dyn std::fmt::Display, is_temporary| StreamError {
            problem: format!("{action} {at}: {error}"),
            is_temporary,
        };
        let mut options =
            ConnectOptions::new().name("optimize").require_tls(address.has_tls).event_callback(|event| async move {
                if let Event::Disconnected = event {
                    tracing::info!("the connection to NATS is gone");
                }
            });
        if let Some(file) = &address.ca {
            options = options.add_root_certificates(file.into());
        }
        if let (Some(user), Some(password)) = (&credentials.user, &credentials.password) {
            options = options.user_and_password(user.clone(), password.expose_secret().to_owned());
        }
        if let Some(token) = &credentials.token {
            options = options.token(token.expose_secret().to_owned());
        }
        let servers: Vec<_> = address.brokers.split(',').map(|broker| format!("nats://{broker}")).collect();
        let client = options.connect(servers).await.map_err(|error| {
            let is_temporary =
                matches!(error.kind(), async_nats::ConnectErrorKind::Io | async_nats::ConnectErrorKind::TimedOut);
            failed("connect to", &error, is_temporary)
        })?;
        let context = jetstream::new(client.clone());
        let stream = context.get_stream(&address.topic).await.map_err(|error| {
            let is_absent = error.to_string().contains("not found");
            failed(&format!("look for the stream {} in", address.topic), &error, !is_absent)
        })?;
        let config = pull::Config {
            durable_name: Some(address.group.clone()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: i64::try_from(4 * most).unwrap_or(i64::MAX),
            deliver_policy: if address.begins_at_latest { DeliverPolicy::New } else { DeliverPolicy::All },
            ..pull::Config::default()
        };
        let consumer = stream
            .get_or_create_consumer(&address.group, config)
            .await
            .map_err(|error| failed(&format!("use the consumer {} in", address.group), &error, false))?;
        Ok(Self { client, context, consumer, most, read: Vec::new() })
    }
}

fn temporary(error: &dyn std::fmt::Display) -> StreamError {
    StreamError { problem: format!("NATS: {error}"), is_temporary: true }
}

#[async_trait]
impl Messages for Nats {
    async fn next(&mut self, linger: Duration) -> Result<Vec<Message>, StreamError> {
        let batch = self.consumer.batch().max_messages(self.most).expires(PATIENCE.max(linger)).messages();
        let mut batch = batch.await.map_err(|error| temporary(&error))?;
        let (mut messages, mut bytes) = (Vec::new(), 0);
        loop {
            let patience = if messages.is_empty() { PATIENCE + Duration::from_secs(1) } else { linger };
            match timeout(patience, batch.next()).await {
                Ok(Some(Ok(message))) => {
                    let info = message.info().map_err(|error| temporary(&error))?;
                    let id = format!("{}/{}", info.stream, info.stream_sequence);
                    bytes += message.payload.len();
                    messages.push(Message { id, payload: message.payload.clone() });
                    self.read.push(message);
                    if messages.len() >= self.most || bytes >= MOST_BYTES {
                        return Ok(messages);
                    }
                }
                // What is there is not lost by what comes after it.
                Ok(Some(Err(error))) if messages.is_empty() => return Err(temporary(&error)),
                Ok(Some(Err(_)) | None) | Err(_) => return Ok(messages),
            }
        }
    }

    async fn commit(&mut self) -> Result<(), StreamError> {
        // Each is confirmed, so that none comes again without need.
        for messages in self.read.chunks(256) {
            let acknowledged = try_join_all(messages.iter().map(jetstream::Message::double_ack));
            acknowledged.await.map_err(|error| temporary(&error))?;
        }
        self.read.clear();
        Ok(())
    }

    async fn publish(&mut self, topic: &str, payload: Vec<u8>) -> Result<(), StreamError> {
        let sent = self.context.publish(topic.to_owned(), payload.into()).await.map_err(|error| temporary(&error))?;
        sent.await.map(drop).map_err(|error| temporary(&error))
    }

    async fn close(&mut self) -> Result<(), StreamError> {
        self.read.clear();
        self.client.drain().await.map_err(|error| temporary(&error))
    }
}
