//! TLS with certificates made at each start, good ones and bad ones.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use tokio_rustls::TlsAcceptor;

/// TLS for a sandbox.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use optimize_sandbox::{Sandbox, Tls};
///
/// let sandbox = Sandbox::builder().tls(Tls::new()).start().await?;
/// assert!(sandbox.base_url().starts_with("https://"));
/// // What a client has to trust:
/// assert!(sandbox.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Tls {
    certificate: ServerCertificate,
    names: Vec<String>,
    requires_client_certificate: bool,
}

/// What is to be said of the server's certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerCertificate {
    /// Nothing: it is signed by the authority of [`Sandbox::ca_pem`](crate::Sandbox::ca_pem).
    #[default]
    Good,
    /// It has ended.
    Expired,
    /// It has not begun.
    NotYetValid,
    /// It is for another name.
    WrongName,
    /// It is signed by itself.
    SelfSigned,
    /// It is for clients.
    ForClients,
    /// It is signed by an intermediate authority that the server does not send.
    MissingIntermediate,
}

impl Tls {
    /// A good certificate for `localhost`, `127.0.0.1` and `::1`; none is asked of clients.
    pub fn new() -> Self {
        Self::default()
    }

    /// A certificate with a flaw.
    pub fn certificate(mut self, certificate: ServerCertificate) -> Self {
        self.certificate = certificate;
        self
    }

    /// A further name that the certificate is for.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// Turns away clients without a certificate. Otherwise they may present one.
    pub fn require_client_certificate(mut self) -> Self {
        self.requires_client_certificate = true;
        self
    }

    pub(crate) fn prepare(&self, client_id: &str) -> io::Result<Prepared> {
        let authority = authority("Sandbox authority").map_err(io::Error::other)?;
        let (chain, key) = self.server(&authority).map_err(io::Error::other)?;
        let (client_pem, client_der) = client(client_id, &authority).map_err(io::Error::other)?;
        let mut roots = RootCertStore::empty();
        roots.add(authority.der().clone()).map_err(io::Error::other)?;
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots));
        let verifier = if self.requires_client_certificate { verifier } else { verifier.allow_unauthenticated() };
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let mut config =
            rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
                .with_safe_default_protocol_versions()
                .map_err(io::Error::other)?
                .with_client_cert_verifier(verifier.build().map_err(io::Error::other)?)
                .with_single_cert(chain, key)
                .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        Ok(Prepared { acceptor, ca_pem: authority.pem(), client_pem, client_der })
    }

    fn server(
        &self,
        authority: &CertifiedIssuer<'static, KeyPair>,
    ) -> Result<(Vec<CertificateDer<'static>>, KeyPair), rcgen::Error> {
        let mut names = self.names.clone();
        names.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
        if self.certificate == ServerCertificate::WrongName {
            names = vec!["elsewhere.example".to_owned()];
        }
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, "Sandbox");
        params.extended_key_usages = vec![match self.certificate {
            ServerCertificate::ForClients => ExtendedKeyUsagePurpose::ClientAuth,
            _ => ExtendedKeyUsagePurpose::ServerAuth,
        }];
        match self.certificate {
            ServerCertificate::Expired => params.not_after = date_time_ymd(2020, 1, 1),
            ServerCertificate::NotYetValid => params.not_before = date_time_ymd(2999, 1, 1),
            _ => {}
        }
        let key = KeyPair::generate()?;
        let certificate = match self.certificate {
            ServerCertificate::SelfSigned => params.self_signed(&key)?,
            ServerCertificate::MissingIntermediate => {
                let intermediate = CertifiedIssuer::signed_by(
                    authority_params("Sandbox intermediate authority"),
                    KeyPair::generate()?,
                    authority,
                )?;
                params.signed_by(&key, &intermediate)?
            }
            _ => params.signed_by(&key, authority)?,
        };
        Ok((vec![certificate.der().clone()], key))
    }
}

/// A TLS server's side, and what its clients need.
pub(crate) struct Prepared {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_pem: String,
    /// Certificate and key of the sandbox's own client.
    pub(crate) client_pem: String,
    pub(crate) client_der: Vec<u8>,
}

fn authority(name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    CertifiedIssuer::self_signed(authority_params(name), KeyPair::generate()?)
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn client(id: &str, authority: &CertifiedIssuer<'static, KeyPair>) -> Result<(String, Vec<u8>), rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, id);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, authority)?;
    Ok((format!("{}{}", certificate.pem(), key.serialize_pem()), certificate.der().to_vec()))
}
