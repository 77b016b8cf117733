//! Settings from the environment, as texts: an all-digit id stays a text.

use super::schema::{Key, Origin, SecretRef, Setting, SettingValue};
use crate::env_vars::{
    ALLOW_INSECURE_HTTP, AUDIENCE, BASE_URL, CA_FILE, CLIENT, CLIENT_AUTH, Environment, OUTPUT, RESOURCE, SCOPE, TOKEN,
    TOKEN_FILE, TOKEN_URL,
};
use crate::error::CliError;

/// Settings that hold whatever the server is.
pub(crate) fn general(environment: &Environment) -> Result<Vec<Setting>, CliError> {
    texts(environment, &[(Key::Output, &OUTPUT)])
}

/// Settings of the server and of the access to it.
pub(crate) fn server(environment: &Environment) -> Result<Vec<Setting>, CliError> {
    let mut settings = texts(
        environment,
        &[
            (Key::BaseUrl, &BASE_URL),
            (Key::AllowInsecureHttp, &ALLOW_INSECURE_HTTP),
            (Key::CaFile, &CA_FILE),
            (Key::ClientAuth, &CLIENT_AUTH),
            (Key::TokenUrl, &TOKEN_URL),
            (Key::Audience, &AUDIENCE),
            (Key::Scope, &SCOPE),
            (Key::Resource, &RESOURCE),
        ],
    )?;
    settings.extend(credentials(environment)?);
    Ok(settings)
}

fn texts(environment: &Environment, names: &[(Key, &[&str])]) -> Result<Vec<Setting>, CliError> {
    let mut settings = Vec::new();
    for (key, names) in names {
        if let Some((name, value)) = environment.first(names)? {
            settings.push(setting(*key, SettingValue::Text(value.to_owned()), name));
        }
    }
    Ok(settings)
}

/// The first credential set there is: a token, then the first family of which a part is set.
fn credentials(environment: &Environment) -> Result<Vec<Setting>, CliError> {
    let own_client = CLIENT[0];
    let token = environment.setting(TOKEN)?.map(|_| (TOKEN, SecretRef::Variable(TOKEN.to_owned())));
    let token_file = environment.setting(TOKEN_FILE)?.map(|path| (TOKEN_FILE, SecretRef::File(path.into())));
    let own_id = environment.setting(own_client.0)?.map(|_| own_client.0);
    let own_secret = environment.raw(own_client.1).map(|_| own_client.1);
    let chosen: Vec<_> = [token.as_ref().map(|(name, _)| *name), token_file.as_ref().map(|(name, _)| *name)]
        .into_iter()
        .chain([own_id.or(own_secret)])
        .flatten()
        .collect();
    if let [first, second, ..] = chosen.as_slice() {
        let problem = format!("read the environment: {first} and {second} are both set, and only one can be used");
        return Err(CliError::config(problem).with_hint(format!("unset {first} or {second}")));
    }
    if let Some((name, secret)) = token.or(token_file) {
        return Ok(vec![setting(Key::Token, SettingValue::Secret(secret), name)]);
    }
    for (id_name, secret_name) in CLIENT {
        let mut family = Vec::new();
        if let Some(id) = environment.setting(id_name)? {
            family.push(setting(Key::ClientId, SettingValue::Text(id.to_owned()), id_name));
        }
        if environment.raw(secret_name).is_some() {
            let secret = SecretRef::Variable(secret_name.to_owned());
            family.push(setting(Key::ClientSecret, SettingValue::Secret(secret), secret_name));
        }
        if !family.is_empty() {
            return Ok(family);
        }
    }
    Ok(Vec::new())
}

fn setting(key: Key, value: SettingValue, variable: &str) -> Setting {
    Setting { key, value, origin: Origin::Variable(variable.to_owned()) }
}
