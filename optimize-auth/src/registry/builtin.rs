//! The strategies that come with the crate.

use secrecy::SecretString;

use super::{SecretSetting, StrategyRegistry, StrategySettings, Surroundings};
use crate::endpoint::TokenEndpoint;
use crate::exec::{Helper, Target};
use crate::{
    Anonymous, AssertionAudience, AuthError, Chain, ClientAuth, ClientCredentials, Exec, Issuer, ServiceUrl,
    ServiceUrlError, SigningKey, StaticBearer, TokenFile, TokenSource,
};

pub(super) fn add_to(registry: &mut StrategyRegistry) {
    registry.insert("none", |_, _, _| Ok(Box::new(Anonymous)));
    registry.insert("static", |settings, _, _| static_token(settings));
    registry.insert("token-file", |settings, _, _| Ok(Box::new(TokenFile::new(settings.required_text("token_file")?))));
    registry.insert("client-credentials", |settings, surroundings, _| {
        let client_auth = client_auth(settings)?;
        Ok(Box::new(client(settings, surroundings, client_auth)?))
    });
    registry.insert("client-assertion", |settings, surroundings, _| {
        let client_auth = ClientAuth::AssertionFile(settings.required_text("assertion_file")?.into());
        Ok(Box::new(client(settings, surroundings, client_auth)?))
    });
    registry.insert("exec", |settings, surroundings, _| exec(settings, surroundings));
    registry.insert("chain", |settings, surroundings, registry| {
        let members = settings.nested("sources")?.unwrap_or_default();
        let mut sources = Vec::new();
        for (index, mut member) in members.into_iter().enumerate() {
            let place = format!("sources[{index}]");
            let name = member.required_text("strategy").map_err(|error| error.within(&place))?;
            let source = registry.build(member.with_text("strategy", &name), surroundings);
            sources.push((name, source.map_err(|error| error.within(&format!("build {place} of the chain")))?));
        }
        Ok(Box::new(Chain::new(sources)?))
    });
}

fn static_token(settings: &mut StrategySettings) -> Result<Box<dyn TokenSource>, AuthError> {
    match settings.secret_setting("token")? {
        None => Err(AuthError::invalid_setting("token", "it is not set")),
        Some(SecretSetting::Here(token)) => {
            let source = StaticBearer::new(token).map_err(|error| error.with_setting("token"))?;
            Ok(Box::new(source))
        }
        // The file can be replaced without a restart of the program.
        Some(SecretSetting::File(path)) => Ok(Box::new(TokenFile::new(path))),
    }
}

/// What the client proves itself with, by `client_auth` or by what is set.
fn client_auth(settings: &mut StrategySettings) -> Result<ClientAuth, AuthError> {
    let proof = settings.one_of(&["client_secret", "private_key"])?;
    let word = settings.text("client_auth")?;
    match (word.as_deref(), proof) {
        (Some("private-key-jwt"), _) | (None, Some("private_key")) => {
            let key = SigningKey::parse(settings.required_secret("private_key")?)
                .map_err(|error| error.with_setting("private_key"))?;
            let key = match settings.text("signing_algorithm")? {
                Some(word) => {
                    let algorithm = word
                        .parse()
                        .map_err(|problem: String| AuthError::invalid_setting("signing_algorithm", &problem))?;
                    key.with_algorithm(algorithm).map_err(|error| error.with_setting("signing_algorithm"))?
                }
                None => key,
            };
            Ok(ClientAuth::PrivateKeyJwt(match settings.text("key_id")? {
                Some(id) => key.with_key_id(id),
                None => key,
            }))
        }
        (Some("mtls"), _) => Ok(ClientAuth::Tls),
        (Some("none"), _) => Ok(ClientAuth::None),
        (word, _) => {
            let by_secret = by_secret(word.unwrap_or("post"))?;
            Ok(by_secret(settings.required_secret("client_secret")?))
        }
    }
}

fn by_secret(word: &str) -> Result<fn(SecretString) -> ClientAuth, AuthError> {
    match word {
        "post" => Ok(ClientAuth::Post),
        "basic" => Ok(ClientAuth::Basic),
        "json" => Ok(ClientAuth::Json),
        "client-secret-jwt" => Ok(ClientAuth::SecretJwt),
        _ => {
            let problem = "expected post, basic, json, client-secret-jwt, private-key-jwt, mtls or none";
            Err(AuthError::invalid_setting("client_auth", problem))
        }
    }
}

fn client(
    settings: &mut StrategySettings,
    surroundings: &Surroundings,
    client_auth: ClientAuth,
) -> Result<ClientCredentials, AuthError> {
    let is_signed = matches!(client_auth, ClientAuth::PrivateKeyJwt(_) | ClientAuth::SecretJwt(_));
    let endpoint = endpoint(settings, surroundings)?;
    let id = settings.required_text("client_id")?;
    let mut client = ClientCredentials::new(endpoint, id, client_auth).with_http(surroundings.http.clone());
    if let Some(timeout) = surroundings.timeout {
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

fn endpoint(settings: &mut StrategySettings, surroundings: &Surroundings) -> Result<TokenEndpoint, AuthError> {
    let refused = |name, error: ServiceUrlError| AuthError::invalid_setting(name, &error.to_string());
    let insecure = surroundings.allows_insecure_http;
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

fn exec(settings: &mut StrategySettings, surroundings: &Surroundings) -> Result<Box<dyn TokenSource>, AuthError> {
    let command = settings
        .list("command")?
        .ok_or_else(|| AuthError::invalid_setting("command", "it is not set; it is a list of program and arguments"))?;
    let mut helper = Helper::new(command)?
        .with_environment(surroundings.helper_environment.iter().cloned())
        .with_supervisor(surroundings.helper_supervisor.clone())
        .interactive(surroundings.is_interactive);
    if let Some(timeout) = settings.text("timeout")? {
        let parsed = timeout.parse::<jiff::SignedDuration>().ok().and_then(|timeout| timeout.try_into().ok());
        let timeout = parsed.filter(|timeout: &std::time::Duration| !timeout.is_zero());
        let timeout = timeout.ok_or_else(|| AuthError::invalid_setting("timeout", "expected a time such as 30s"))?;
        helper = helper.with_timeout(timeout);
    }
    let has_grant = settings.has("client_id");
    let text = |name| settings.peek(name).map(str::to_owned);
    let target = Target {
        base_url: surroundings.base_url.clone(),
        token_url: text("token_url"),
        audience: text("audience"),
        scope: text("scope").map(|scope| scope.split_whitespace().map(str::to_owned).collect()).unwrap_or_default(),
        resource: text("resource"),
    };
    let source = Exec::new(helper, target);
    let source = match &surroundings.profile {
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
    let secret_auth = by_secret(settings.text("client_auth")?.as_deref().unwrap_or("post"))?;
    let client = client(settings, surroundings, ClientAuth::None)?;
    Ok(Box::new(source.with_grant(client, secret_auth)))
}
