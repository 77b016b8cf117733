//! Spans for an OpenTelemetry collector, in builds with the feature `otel`.

#[cfg(feature = "otel")]
pub(crate) use export::Telemetry;

#[cfg(not(feature = "otel"))]
pub(crate) use absent::Telemetry;

#[cfg(feature = "otel")]
mod export {
    use std::collections::HashMap;
    use std::sync::{Arc, Mutex, PoisonError};
    use std::time::Duration;

    use bytes::Bytes;
    use http::{Request, Response};
    use opentelemetry::KeyValue;
    use opentelemetry::propagation::TextMapPropagator;
    use opentelemetry::trace::TracerProvider as _;
    use opentelemetry_http::HttpError;
    use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
    use opentelemetry_sdk::Resource;
    use opentelemetry_sdk::propagation::TraceContextPropagator;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use optimize_auth::async_trait;
    use optimize_auth::http::{HttpClient, HttpOptions, TransportError};
    use optimize_auth::scrub;
    use tokio::runtime::Runtime;
    use tracing::Span;
    use tracing_opentelemetry::OpenTelemetrySpanExt;
    use tracing_subscriber::Layer;

    use crate::app::USER_AGENT;
    use crate::env_vars::{Environment, OTEL_DISABLED, OTEL_ENDPOINTS, OTEL_PROTOCOLS, OTEL_SERVICE, TRACE_PARENT};
    use crate::error::CliError;
    use crate::logging::SpanLayer;
    use crate::printer::Printer;

    /// The one protocol that is built in, and the default.
    const PROTOCOL: &str = "http/protobuf";

    /// How long a run waits at its end for the collector.
    const PATIENCE: Duration = Duration::from_secs(5);

    /// The longest response of a collector that is read, in bytes.
    const LIMIT: usize = 1 << 20;

    /// The spans of a run on their way to a collector.
    pub(crate) struct Telemetry {
        provider: SdkTracerProvider,
        /// What sends, apart from the command's own runtime, which stands still when the command has ended.
        runtime: Runtime,
        failure: Failure,
        environment: Environment,
    }

    /// Why the last spans did not arrive.
    type Failure = Arc<Mutex<Option<String>>>;

    impl Telemetry {
        /// Starts if the environment names a collector. Endpoint, headers and time limits come from the variables that the
        /// specification of OpenTelemetry has for them.
        pub(crate) fn start(environment: &Environment) -> Result<Option<Self>, CliError> {
            let is_disabled = environment.setting(OTEL_DISABLED)?.is_some_and(|text| text.eq_ignore_ascii_case("true"));
            if is_disabled || environment.first(&OTEL_ENDPOINTS)?.is_none() {
                return Ok(None);
            }
            if let Some((name, protocol)) = environment.first(&OTEL_PROTOCOLS)?
                && protocol != PROTOCOL
            {
                let problem = format!("{name}: this program speaks {PROTOCOL} alone");
                return Err(CliError::config(problem).stating().with_hint(format!("set {name}={PROTOCOL}")));
            }
            let failed = |error: &dyn std::fmt::Display| {
                CliError::config(format!("set up the export of spans: {}", scrub(&error.to_string(), &[])))
            };
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.map_err(|error| failed(&error))?;
            let options = HttpOptions::default().with_user_agent(USER_AGENT);
            let failure = Failure::default();
            let sender = Sender {
                client: options.client()?,
                options,
                runtime: runtime.handle().clone(),
                failure: failure.clone(),
            };
            let exporter = SpanExporter::builder().with_http().with_http_client(sender).build();
            let name = environment.setting(OTEL_SERVICE)?.unwrap_or("optimize").to_owned();
            let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
            let provider = SdkTracerProvider::builder()
                .with_batch_exporter(exporter.map_err(|error| failed(&error))?)
                .with_resource(Resource::builder().with_service_name(name).with_attribute(version).build())
                .build();
            Ok(Some(Self { provider, runtime, failure, environment: environment.clone() }))
        }

        /// What turns our spans into those of OpenTelemetry.
        pub(crate) fn layer(&self) -> SpanLayer {
            let layer = tracing_opentelemetry::layer().with_tracer(self.provider.tracer("optimize-cli"));
            layer.with_location(false).with_threads(false).with_tracked_inactivity(false).boxed()
        }

        /// The span of the whole run, below the one that the environment names.
        pub(crate) fn root(&self, command: &str) -> Span {
            let span = tracing::debug_span!(
                "optimize",
                otel.name = format!("optimize {command}").trim_end(),
                otel.status_code = tracing::field::Empty,
                "process.executable.name" = "optimize",
                "process.exit.code" = tracing::field::Empty,
            );
            let carrier: HashMap<String, String> = TRACE_PARENT
                .into_iter()
                .filter_map(|name| {
                    let value = self.environment.raw(name)?.to_str()?;
                    Some((name.to_ascii_lowercase(), value.to_owned()))
                })
                .collect();
            // Fails only if the span was begun before, which it was not.
            let _ = span.set_parent(TraceContextPropagator::new().extract(&carrier));
            span
        }

        /// Ends the span of the run and sends what is left. Spans that do not arrive are a warning: the command did its work.
        pub(crate) fn end(self, root: Span, exit_code: u8, printer: Printer) {
            root.record("process.exit.code", exit_code);
            root.record("otel.status_code", if exit_code == 0 { "OK" } else { "ERROR" });
            drop(root);
            let ended = self.provider.shutdown_with_timeout(PATIENCE);
            self.runtime.shutdown_background();
            let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(problem) = failure.or_else(|| Some(ended.err()?.to_string())) {
                printer.warning(&format!("spans did not arrive at the collector: {problem}"));
            }
        }
    }

    /// Sends what the exporter has made, by the one way of requests.
    #[derive(Debug)]
    struct Sender {
        client: Arc<dyn HttpClient>,
        options: HttpOptions,
        runtime: tokio::runtime::Handle,
        failure: Failure,
    }

    impl Sender {
        /// Keeps what became of the latest batch; one that arrives ends what kept an earlier try from it.
        fn note(&self, problem: Option<String>) {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = problem;
        }
    }

    /// An error and what caused it.
    fn causes(error: &TransportError) -> impl Iterator<Item = String> {
        let first: Option<&dyn std::error::Error> = Some(error);
        std::iter::successors(first, |error| error.source()).map(ToString::to_string)
    }

    #[async_trait]
    impl opentelemetry_http::HttpClient for Sender {
        async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
            let (client, options) = (self.client.clone(), self.options.clone());
            let exchange = self.runtime.spawn(async move {
                let (head, body) = options.send(&*client, request).await?.into_parts();
                let (status, headers) = (head.status, head.headers.clone());
                let body = options.read_body(Response::from_parts(head, body), LIMIT).await?;
                Ok::<_, TransportError>((status, headers, body))
            });
            let problem = match exchange.await? {
                Ok((status, headers, body)) => {
                    let mut response = Response::new(Bytes::from(body));
                    *response.status_mut() = status;
                    *response.headers_mut() = headers;
                    self.note((!status.is_success()).then(|| format!("it returned {}", status.as_u16())));
                    return Ok(response);
                }
                Err(error) => error,
            };
            let causes: Vec<_> = causes(&problem).map(|cause| scrub(&cause, &[])).collect();
            self.note(Some(causes.join(": ")));
            Err(problem.into())
        }
    }
}

#[cfg(not(feature = "otel"))]
mod absent {
    use tracing::Span;

    use crate::env_vars::Environment;
    use crate::error::CliError;
    use crate::logging::SpanLayer;
    use crate::printer::Printer;

    /// What no value of exists.
    pub(crate) enum Telemetry {}

    impl Telemetry {
        #[expect(clippy::unnecessary_wraps, reason = "with the feature it can fail")]
        pub(crate) fn start(_: &Environment) -> Result<Option<Self>, CliError> {
            Ok(None)
        }

        pub(crate) fn layer(&self) -> SpanLayer {
            match *self {}
        }

        pub(crate) fn root(&self, _: &str) -> Span {
            match *self {}
        }

        pub(crate) fn end(self, _: Span, _: u8, _: Printer) {
            match self {}
        }
    }
}
