//! The one table of known causes and their fixes that all commands and `auth doctor` use.
//!
//! What the API crate knows by the response alone stands in its own table; see [`optimize_api::Hint`].

mod table;

use std::error::Error as StdError;
use std::time::{Duration, SystemTime};

use optimize_api::{ErrorKind, Hint};
use optimize_auth::http::{TlsProblem, TransportError, TransportProblem};
use optimize_auth::{AuthError, AuthErrorDetail, AuthErrorKind, Claims, Clock, ServiceUrl, SystemClock};

use crate::error::CliError;

pub(crate) use table::*;

/// Clocks that differ by more are reported; servers allow for about a minute.
const TOLERATED_SKEW: Duration = Duration::from_secs(60);

/// The audiences that Optimize has by default: in SaaS, in its shipped configuration, and in the charts.
const USUAL_AUDIENCES: [&str; 3] = ["optimize.camunda.io", "optimize", "optimize-api"];

/// What is known in addition to the error.
pub(crate) struct Facts {
    pub(crate) base_url: Option<ServiceUrl>,
    pub(crate) token_url: Option<ServiceUrl>,
    pub(crate) issuer: Option<String>,
    /// The audience that is set; `None` if it is the default.
    pub(crate) audience: Option<String>,
    /// Those of the token that was sent.
    pub(crate) claims: Option<Claims>,
    /// The variable of a proxy for https.
    pub(crate) proxy: Option<&'static str>,
}

/// The known cause of an error and its fix.
pub(crate) fn find(error: &CliError, facts: &Facts) -> Option<String> {
    let auth = error.auth();
    if let Some(problem) = transport_problem(error) {
        let proxy = facts.proxy.filter(|_| url_in(error).is_none_or(|url| uses_proxy(&url)));
        return of_transport(problem, proxy, auth.is_some());
    }
    match (auth, error.api()) {
        // Settings that cannot be used name themselves.
        (Some(auth), _) if auth.kind() == AuthErrorKind::InvalidInput => None,
        (Some(auth), _) => Some(of_token_request(auth, facts)),
        (None, Some(api)) => of_response(api, facts),
        (None, None) => None,
    }
}

/// Whether an error is one that `optimize auth doctor` finds the step of.
pub(crate) fn is_for_doctor(error: &CliError) -> bool {
    let is_refused =
        error.api().is_some_and(|api| matches!(api.kind(), ErrorKind::Unauthorized | ErrorKind::Forbidden));
    is_refused || error.auth().is_some_and(|auth| auth.kind() != AuthErrorKind::InvalidInput) || {
        use TransportProblem::{Connect, ConnectTimeout, NotHttp, ProxyAuthentication, ProxyRefused, Tls, UnknownHost};
        let problem = transport_problem(error);
        matches!(
            problem,
            Some(Connect | ConnectTimeout | NotHttp | ProxyAuthentication | ProxyRefused | Tls(_) | UnknownHost)
        )
    }
}

/// Whether requests to this URL go through a proxy of the environment.
pub(crate) fn uses_proxy(url: &ServiceUrl) -> bool {
    url.as_url().scheme() == "https" && !url.is_loopback()
}

/// The URL that an error names.
fn url_in(error: &CliError) -> Option<ServiceUrl> {
    let text = error.to_string();
    let mut words = text.split_whitespace().map(|word| word.trim_end_matches([':', ',']));
    words.find_map(|word| ServiceUrl::parse_allowing_insecure_http(word).ok())
}

/// A hint with its gaps filled.
pub(crate) fn filled(hint: &Hint, gaps: &[(&str, &str)]) -> String {
    gaps.iter().fold(hint.to_string(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

/// How far a server's clock is from this machine's, if that matters.
pub(crate) fn of_clock(server: SystemTime) -> Option<String> {
    let now = SystemClock.wall();
    let (by, word) = match server.duration_since(now) {
        Ok(ahead) => (ahead, "behind"),
        Err(behind) => (behind.duration(), "ahead of"),
    };
    let difference = format!("{} min {word}", (by.as_secs() + 30) / 60);
    (by > TOLERATED_SKEW).then(|| filled(&CLOCK, &[("difference", &difference)]))
}

fn transport_problem(error: &CliError) -> Option<TransportProblem> {
    let causes = std::iter::successors(error.source(), |cause: &&(dyn StdError + 'static)| (*cause).source());
    causes.filter_map(|cause| cause.downcast_ref::<TransportError>()).map(TransportError::problem).next()
}

fn of_transport(problem: TransportProblem, proxy: Option<&str>, is_token: bool) -> Option<String> {
    let hint = match (problem, proxy) {
        (TransportProblem::UnknownHost, _) => &UNKNOWN_HOST,
        (TransportProblem::Connect | TransportProblem::ConnectTimeout, None) => &CONNECT,
        (TransportProblem::Connect | TransportProblem::ConnectTimeout, Some(_)) => &PROXY_CONNECT,
        (TransportProblem::ProxyAuthentication, _) => &PROXY_AUTHENTICATION,
        (TransportProblem::ProxyRefused, _) => &PROXY_REFUSED,
        (TransportProblem::Tls(problem), _) => match problem {
            TlsProblem::UnknownIssuer => &UNKNOWN_CA,
            TlsProblem::WrongName => &CERTIFICATE_NAME,
            TlsProblem::Expired | TlsProblem::NotYetValid => &CERTIFICATE_TIME,
            TlsProblem::ClientCertificate => &CLIENT_CERTIFICATE,
            TlsProblem::NotTls => &NOT_TLS,
            TlsProblem::Handshake => &TLS_VERSION,
            _ => &BAD_CERTIFICATE,
        },
        (TransportProblem::NotHttp, _) => &NOT_HTTP,
        _ if is_token => &TOKEN_ENDPOINT_DOWN,
        _ => return None,
    };
    Some(filled(hint, &[("proxy", proxy.unwrap_or("HTTPS_PROXY"))]))
}

/// The cause of a refused token request, or of a response that is not from a token endpoint.
fn of_token_request(error: &AuthError, facts: &Facts) -> String {
    let text = error.in_full();
    let says = |part: &str| text.contains(part);
    let entra = [
        ("AADSTS7000222", &ENTRA_SECRET_EXPIRED),
        ("AADSTS7000215", &ENTRA_SECRET),
        ("AADSTS90002:", &ENTRA_TENANT),
        ("AADSTS900023", &ENTRA_TENANT),
        ("AADSTS700016", &ENTRA_APPLICATION),
        ("AADSTS500011", &ENTRA_RESOURCE),
        ("AADSTS70011:", &ENTRA_SCOPE),
        ("AADSTS900144", &ENTRA_SCOPE),
        ("AADSTS1002012", &ENTRA_SCOPE),
        ("AADSTS", &ENTRA_OTHER),
    ];
    if let Some((_, hint)) = entra.into_iter().find(|(code, _)| says(code)) {
        return hint.to_string();
    }
    let path = facts.token_url.as_ref().map_or("", |url| url.as_url().path());
    let is_realm = path.contains("/realms/") || facts.issuer.as_ref().is_some_and(|issuer| issuer.contains("/realms/"));
    if let Some(AuthErrorDetail::OtherIssuer { named, .. }) = error.detail() {
        return of_other_issuer(named, facts);
    }
    let detail = error.detail();
    let hint = match (error.status(), error.code()) {
        (Some(429), _) => &RATE_LIMIT,
        _ if detail == Some(&AuthErrorDetail::WebPage) && error.status() != Some(404) => &FRONT_TOKEN,
        _ if says("not enabled to retrieve service account") => &KEYCLOAK_SERVICE_ACCOUNT,
        _ if says("Realm does not exist") => &REALM,
        (Some(404 | 300..400), _) if is_realm => &REALM,
        _ if detail == Some(&AuthErrorDetail::NoMetadata) && is_realm => &REALM,
        _ if detail == Some(&AuthErrorDetail::NoMetadata) => &ISSUER_PATH,
        (_, Some("invalid_client")) if says("Invalid client or Invalid client credentials") => &KEYCLOAK_CLIENT,
        (_, Some("unauthorized_client")) if says("Invalid client or Invalid client credentials") => &KEYCLOAK_SECRET,
        _ => {
            if let Some(clock) = error.server_time().and_then(of_clock) {
                return clock;
            }
            match (error.kind(), error.code()) {
                (_, Some("invalid_scope")) => &SCOPE,
                (_, Some("access_denied" | "invalid_target")) => &AUDIENCE,
                (AuthErrorKind::Refused, _) => &CLIENT,
                (AuthErrorKind::Unavailable, _) => &TOKEN_ENDPOINT_DOWN,
                _ => &TOKEN_URL,
            }
        }
    };
    hint.to_string()
}

fn of_other_issuer(named: &str, facts: &Facts) -> String {
    let set = facts.issuer.as_deref().unwrap_or_default();
    if named.trim_end_matches('/') != set.trim_end_matches('/') {
        return ISSUER_OTHER.to_string();
    }
    let with = if named.ends_with('/') { "with" } else { "without" };
    filled(&ISSUER_SLASH, &[("with_or_without", with), ("issuer", named)])
}

/// The cause of a response of the API, as far as the API crate does not know it.
fn of_response(error: &optimize_api::Error, facts: &Facts) -> Option<String> {
    // Responses of servers to plain http at the port of https.
    let is_https_port = error.server().detail.as_ref().is_some_and(|detail| {
        let texts = ["plain HTTP request was sent to HTTPS port", "requires TLS", "HTTP request to an HTTPS server"];
        texts.into_iter().any(|text| detail.contains(text))
    });
    match error.kind() {
        _ if is_https_port => Some(NOT_HTTP.to_string()),
        _ if error.hint().is_some() => None,
        _ if error.server().is_web_page => Some(FRONT_API.to_string()),
        ErrorKind::Unauthorized => {
            let names_audience = error.server().detail.as_ref().is_some_and(|detail| detail.contains("aud"));
            Some(of_refused_token(facts, names_audience))
        }
        ErrorKind::Forbidden if is_saas(facts) => {
            Some(of_cluster(facts).unwrap_or_else(|| TOKEN_SAAS_SCOPE.to_string()))
        }
        ErrorKind::Forbidden => Some(PERMISSION.to_string()),
        _ => None,
    }
}

fn of_refused_token(facts: &Facts, names_audience: bool) -> String {
    let Some(claims) = &facts.claims else { return TOKEN_REFUSED.to_string() };
    let issuer = claims.issuer.as_deref().unwrap_or_default();
    if issuer.starts_with("https://sts.windows.net/") || claims.version.as_deref() == Some("1.0") {
        return TOKEN_ENTRA_V1.to_string();
    }
    if is_saas(facts) {
        return of_cluster(facts).unwrap_or_else(|| TOKEN_SAAS_SCOPE.to_string());
    }
    if names_audience {
        return wrong_audience(claims);
    }
    of_audience(claims, facts.audience.as_deref()).unwrap_or_else(|| TOKEN_CLIENT_ID_CLAIM.to_string())
}

/// What is wrong with the audience of a token, if something is: it should be the one that is set or, if none is, one that
/// Optimize usually has.
pub(crate) fn of_audience(claims: &Claims, set: Option<&str>) -> Option<String> {
    let has = |name: &str| claims.audience.iter().any(|audience| audience == name);
    let is_meant = set.map_or_else(|| USUAL_AUDIENCES.into_iter().any(has), has);
    (!is_meant).then(|| wrong_audience(claims))
}

fn wrong_audience(claims: &Claims) -> String {
    let audience = claims.audience.join(", ");
    let is_realm = claims.issuer.as_deref().is_some_and(|issuer| issuer.contains("/realms/"));
    // Keycloak's own audience, which every token of a realm has.
    let is_keycloak = is_realm || audience == "account";
    let hint = match audience.as_str() {
        "" => &TOKEN_NO_AUDIENCE,
        _ if is_keycloak => &TOKEN_KEYCLOAK_AUDIENCE,
        _ => &TOKEN_AUDIENCE,
    };
    filled(hint, &[("audience", &audience)])
}

fn is_saas(facts: &Facts) -> bool {
    let host = facts.base_url.as_ref().and_then(|url| url.as_url().host_str());
    host.is_some_and(|host| host.ends_with(".optimize.camunda.io"))
}

/// A token of Camunda SaaS that is for another cluster than the base URL names.
fn of_cluster(facts: &Facts) -> Option<String> {
    let cluster = facts.claims.as_ref()?.cluster_id.as_deref()?;
    let addressed = facts.base_url.as_ref()?.as_url().path_segments()?.next()?;
    (cluster != addressed).then(|| filled(&TOKEN_CLUSTER, &[("cluster", cluster)]))
}
