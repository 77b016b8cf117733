//! The strategies that come with the crate.

use secrecy::SecretString;

use super::{BuildContext, SecretSetting, StrategyRegistry, StrategySettings};
use crate::assertion::key::SigningKey;
use crate::endpoint::Issuer;
use crate::endpoint::TokenEndpoint;
use crate::error::AuthError;
use crate::exec::{Helper, Target};
use crate::service_url::{ServiceUrl, ServiceUrlError};
use crate::source::TokenSource;
use crate::strategy::anonymous::Anonymous;
use crate::strategy::chain::Chain;
use crate::strategy::client_credentials::{AssertionAudience, ClientAuth, ClientAuthMethod, ClientCredentials};
use crate::strategy::exec::Exec;
use crate::strategy::static_bearer::StaticBearer;
use crate::strategy::token_file::TokenFile;
use crate::words::words;

words! {
    /// The strategies that come with the crate.
    BuiltinStrategy {
        /// No credential.
        None = "none",
        /// A token that another program obtained.
        Static = "static",
        /// The OAuth 2 client credentials grant.
        ClientCredentials = "client-credentials",
        /// That grant with an assertion that another program keeps in a file.
        ClientAssertion = "client-assertion",
        /// A file with a token that is read again and again.
        TokenFile = "token-file",
        /// A credential helper.
        Exec = "exec",
        /// The first of several sources that has a credential.
        Chain = "chain",
    }
}

pub(super) fn add_to(registry: &mut StrategyRegistry) {
    for strategy in BuiltinStrategy::ALL.iter().copied() {
        registry
            .insert(strategy.name(), move |settings, context, registry| strategy.build(settings, context, registry));
    }
}

impl BuiltinStrategy {
    fn build(
        self,
        settings: &mut StrategySettings,
        context: &BuildContext,
        registry: &StrategyRegistry,
    ) -> Result<Box<dyn TokenSource>, AuthError> {
        match self {
            Self::None => Ok(Box::new(Anonymous)),
            Self::Static => static_token(settings),
            Self::TokenFile => Ok(Box::new(TokenFile::new(settings.required_text("token_file")?))),
            Self::ClientCredentials => {
                let client_auth = client_auth(settings)?;
                Ok(Box::new(client(settings, context, client_auth)?))
            }
            Self::ClientAssertion => {
                let client_auth = ClientAuth::AssertionFile(settings.required_text("assertion_file")?.into());
                Ok(Box::new(client(settings, context, client_auth)?))
            }
            Self::Exec => exec(settings, context),
            Self::Chain => chain(settings, context, registry),
        }
    }
}

fn chain(
    settings: &mut StrategySettings,
    context: &BuildContext,
    registry: &StrategyRegistry,
) -> Result<Box<dyn TokenSource>, AuthError> {
    let members = settings.nested("sources")?.unwrap_or_default();
    let mut sources = Vec::new();
    for (index, mut member) in members.into_iter().enumerate() {
        let place = format!("sources[{index}]");
        let name = member.required_text("strategy").map_err(|error| error.within(&place))?;
        let source = registry.build(member.with_text("strategy", &name), context);
        sources.push((name, source.map_err(|error| error.within(&format!("build {place} of the chain")))?));
    }
    Ok(Box::new(Chain::new(sources)?))
}

fn static_token(settings: &mut StrategySettings) -> Result<Box<dyn TokenSource>, AuthError> {
    match settings.secret_setting("token")? {
        None => Err(settings.missing("token")),
        Some(SecretSetting::Here(token)) => {
            let source = StaticBearer::new(token).map_err(|error| error.with_setting("token"))?;
            Ok(Box::new(source))
        }
        // The file can be replaced without a restart of the program.
        Some(SecretSetting::File(path)) => Ok(Box::new(TokenFile::new(path))),
    }
}

/// How the client authenticates, by `client_auth` or by what is set.
fn client_auth(settings: &mut StrategySettings) -> Result<ClientAuth, AuthError> {
    let proof = settings.one_of(&["client_secret", "private_key"])?;
    let default = if proof == Some("private_key") { ClientAuthMethod::PrivateKeyJwt } else { ClientAuthMethod::Post };
    let method = settings.word("client_auth")?.unwrap_or(default);
    match method {
        ClientAuthMethod::PrivateKeyJwt => Ok(ClientAuth::PrivateKeyJwt(signing_key(settings)?)),
        ClientAuthMethod::Mtls => Ok(ClientAuth::Tls),
        ClientAuthMethod::None => Ok(ClientAuth::None),
        method => Ok(by_secret(method)?(settings.required_secret("client_secret")?)),
    }
}

fn signing_key(settings: &mut StrategySettings) -> Result<SigningKey, AuthError> {
    let key = SigningKey::parse(settings.required_secret("private_key")?);
    let mut key = key.map_err(|error| error.with_setting("private_key"))?;
    if let Some(algorithm) = settings.word("signing_algorithm")? {
        key = key.with_algorithm(algorithm).map_err(|error| error.with_setting("signing_algorithm"))?;
    }
    Ok(match settings.text("key_id")? {
        Some(id) => key.with_key_id(id),
        None => key,
    })
}

/// What makes the proof of a secret. Fails for the methods that have none.
fn by_secret(method: ClientAuthMethod) -> Result<fn(SecretString) -> ClientAuth, AuthError> {
    match method {
        ClientAuthMethod::Post => Ok(ClientAuth::Post),
        ClientAuthMethod::Basic => Ok(ClientAuth::Basic),
        ClientAuthMethod::Json => Ok(ClientAuth::Json),
        ClientAuthMethod::ClientSecretJwt => Ok(ClientAuth::SecretJwt),
        ClientAuthMethod::PrivateKeyJwt | ClientAuthMethod::Mtls | ClientAuthMethod::None => {
            let problem = format!("{method} does not use the secret of a credential helper");
            Err(AuthError::invalid_setting("client_auth", &problem))
        }
    }
}

fn client(
    settings: &mut StrategySettings,
    context: &BuildContext,
    client_auth: ClientAuth,
) -> Result<ClientCredentials, AuthError> {
    let is_signed = matches!(client_auth, ClientAuth::PrivateKeyJwt(_) | ClientAuth::SecretJwt(_));
    let endpoint = endpoint(settings, context)?;
    let id = settings.required_text("client_id")?;
    let mut client = ClientCredentials::new(endpoint, id, client_auth).with_http(context.http.clone());
    if let Some(timeout) = context.timeout {
        client = client.with_timeout(timeout);
    }
    if let Some(audience) = settings.text("audience")? {
        client = client.with_audience(audience);
    }
    if let Some(scope) = settings.text("scope")? {
        client = client.with_scope(scope);
    }
    if let Some(resource) = settings.text("resource")? {
        client = client.with_resource(resource);
    }
    if is_signed && let Some(audience) = settings.text("assertion_audience")? {
        client = client.with_assertion_audience(match audience.as_str() {
            "issuer" => AssertionAudience::Issuer,
            "token-endpoint" => AssertionAudience::TokenEndpoint,
            _ => AssertionAudience::Other(audience),
        });
    }
    Ok(client)
}

fn endpoint(settings: &mut StrategySettings, context: &BuildContext) -> Result<TokenEndpoint, AuthError> {
    let refused = |name, error: ServiceUrlError| AuthError::invalid_setting(name, &error.to_string());
    let insecure = context.allows_insecure_http;
    let parse_url = if insecure { ServiceUrl::parse_allowing_insecure_http } else { ServiceUrl::parse };
    let parse_issuer = if insecure { Issuer::parse_allowing_insecure_http } else { Issuer::parse };
    let url = settings.text("token_url")?;
    let url = url.map(|text| parse_url(&text).map_err(|error| refused("token_url", error))).transpose()?;
    let issuer = settings.text("issuer")?;
    let issuer = issuer.map(|text| parse_issuer(&text).map_err(|error| refused("issuer", error))).transpose()?;
    match (url, issuer) {
        (Some(url), Some(issuer)) => Ok(TokenEndpoint::from(url).with_issuer(issuer)),
        (Some(url), None) => Ok(url.into()),
        (None, Some(issuer)) => Ok(issuer.into()),
        (None, None) => Err(AuthError::invalid_setting("token_url", "neither it nor `issuer` is set")),
    }
}

fn exec(settings: &mut StrategySettings, context: &BuildContext) -> Result<Box<dyn TokenSource>, AuthError> {
    let command = settings
        .list("command")?
        .ok_or_else(|| AuthError::invalid_setting("command", "it is not set; it is a list of program and arguments"))?;
    let mut helper = Helper::new(command)?
        .with_environment(context.helper_environment.iter().cloned())
        .with_supervisor(context.helper_supervisor.clone())
        .with_interaction(context.is_interactive);
    if let Some(timeout) = settings.text("timeout")? {
        let parsed = timeout.parse::<jiff::SignedDuration>().ok().and_then(|timeout| timeout.try_into().ok());
        let timeout = parsed.filter(|timeout: &std::time::Duration| !timeout.is_zero());
        let timeout = timeout.ok_or_else(|| AuthError::invalid_setting("timeout", "expected a time such as 30s"))?;
        helper = helper.with_timeout(timeout);
    }
    let has_grant = settings.has("client_id");
    let text = |name| settings.peek(name).map(str::to_owned);
    let target = Target {
        base_url: context.base_url.clone(),
        token_url: text("token_url"),
        audience: text("audience"),
        scope: text("scope").map(|scope| scope.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
        resource: text("resource"),
    };
    let source = Exec::new(helper, target);
    let source = match &context.profile {
        Some(profile) => source.with_profile(profile),
        None => source,
    };
    if !has_grant {
        // They stand in the target, and so have a meaning.
        for name in ["token_url", "audience", "scope", "resource"] {
            settings.text(name)?;
        }
        return Ok(Box::new(source));
    }
    let secret_auth = by_secret(settings.word("client_auth")?.unwrap_or(ClientAuthMethod::Post))?;
    let client = client(settings, context, ClientAuth::None)?;
    Ok(Box::new(source.with_grant(client, secret_auth)))
}
