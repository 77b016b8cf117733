//! The same credentials for other clients: hyper, reqwest-middleware, and gRPC by tonic, as Zeebe has it.

use bytes::Bytes;
use http::Uri;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use optimize_auth::reqwest_middleware::AuthMiddleware;
use optimize_auth::tower::{AuthBody, AuthLayer, AuthService, Same};
use optimize_auth::{AuthError, Credentials};
use reqwest_middleware::ClientWithMiddleware;
use tonic::metadata::{AsciiMetadataValue, MetadataValue};
use tonic::service::Interceptor;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tower_layer::Layer;

/// A client of hyper with credentials.
pub type Hyper = AuthService<Client<HttpConnector, AuthBody<Full<Bytes>>>, Same>;

/// hyper, by the layer for tower.
pub fn hyper(credentials: Credentials) -> Hyper {
    AuthLayer::new(credentials).layer(Client::builder(TokioExecutor::new()).build_http())
}

/// reqwest, by a middleware.
pub fn reqwest(client: reqwest::Client, credentials: Credentials) -> ClientWithMiddleware {
    reqwest_middleware::ClientBuilder::new(client).with(AuthMiddleware::new(credentials)).build()
}

/// The body that tonic sends.
type MakeBody = fn(AuthBody<tonic::body::Body>) -> tonic::body::Body;

/// A gRPC client by the layer: it waits for a token, and renews one that the server rejects.
pub fn grpc(server: Uri, credentials: Credentials) -> HealthClient<AuthService<Channel, MakeBody>> {
    let layer = AuthLayer::new(credentials).with_body(tonic::body::Body::new as MakeBody);
    HealthClient::new(layer.layer(Endpoint::from(server).connect_lazy()))
}

/// A gRPC interceptor, which cannot wait. Await [`Credentials::headers`] once before.
#[derive(Clone, Debug)]
pub struct NowInterceptor(Credentials);

impl NowInterceptor {
    /// An interceptor, once there is a token.
    pub async fn new(credentials: Credentials) -> Result<Self, AuthError> {
        credentials.headers().await?;
        Ok(Self(credentials))
    }
}

impl Interceptor for NowInterceptor {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let headers = self.0.headers_now().ok_or_else(|| Status::unavailable("no token yet; one is on its way"))?;
        let value = headers.as_map().get(http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let value = value.ok_or_else(|| Status::internal("these credentials have no bearer token"))?;
        let mut value: AsciiMetadataValue =
            MetadataValue::try_from(value).map_err(|_| Status::internal("the token cannot be sent"))?;
        value.set_sensitive(true);
        request.metadata_mut().insert("authorization", value);
        Ok(request)
    }
}
