//! Settings from the environment, as strings: an id of digits stays a string.

use figment::value::Value;

use crate::env_vars::{
    self, ASSERTION_FILE, CLIENT, CLIENT_MODE, CLIENT_SECRET_FILE, Environment, PRIVATE_KEY_FILE, TOKEN_FILE, TOKENS,
};
use crate::error::Error;
use crate::keys::Key;
use crate::setting::{Origin, SecretRef, Setting};

/// Settings that hold whatever the server is.
pub(crate) fn general(environment: &Environment) -> Result<Vec<Setting>, Error> {
    strings(environment, &[Key::Output])
}

/// Settings of the server and of the access to it.
pub(crate) fn server(environment: &Environment) -> Result<Vec<Setting>, Error> {
    let keys: Vec<_> = Key::ALL.iter().copied().filter(|key| *key != Key::Output).collect();
    let mut settings = strings(environment, &keys)?;
    settings.extend(credentials(environment)?);
    Ok(settings)
}

fn strings(environment: &Environment, keys: &[Key]) -> Result<Vec<Setting>, Error> {
    let mut settings = Vec::new();
    for key in keys {
        if let Some((name, value)) = environment.first(key.variables())? {
            settings.push(setting(*key, value, name));
        } else if *key == Key::Preset && environment.setting(CLIENT_MODE)?.is_some_and(is_saas) {
            settings.push(setting(*key, "saas", CLIENT_MODE));
        }
    }
    Ok(settings)
}

/// Other modes of Camunda's clients have no preset.
fn is_saas(mode: &str) -> bool {
    mode.trim().eq_ignore_ascii_case("saas")
}

/// The first credential set there is: a token, then the first family of which a part is set.
fn credentials(environment: &Environment) -> Result<Vec<Setting>, Error> {
    let mut own = family(environment, CLIENT[0])?;
    let file = |name| Ok::<_, Error>(environment.setting(name)?.map(|path| SecretRef::File(path.into())));
    if let Some(path) = file(PRIVATE_KEY_FILE)? {
        own.push(setting(Key::PrivateKey, path.value(), PRIVATE_KEY_FILE));
    }
    if let Some(path) = environment.setting(ASSERTION_FILE)? {
        own.push(setting(Key::AssertionFile, path, ASSERTION_FILE));
    }
    if let Some(path) = file(CLIENT_SECRET_FILE)? {
        if own.iter().any(|setting| setting.key == Key::ClientSecret) {
            let problem = format!("read the environment: {} and {CLIENT_SECRET_FILE} are both set", CLIENT[0].1);
            return Err(Error::config(problem).with_hint(format!("unset {} or {CLIENT_SECRET_FILE}", CLIENT[0].1)));
        }
        own.push(setting(Key::ClientSecret, path.value(), CLIENT_SECRET_FILE));
    }
    let token = environment
        .first(&TOKENS)?
        .map(|(name, _)| vec![setting(Key::Token, SecretRef::Variable(name.to_owned()).value(), name)]);
    let sets = [
        token,
        file(TOKEN_FILE)?.map(|path| vec![setting(Key::Token, path.value(), TOKEN_FILE)]),
        Some(own).filter(|own| !own.is_empty()),
    ];
    let mut sets: Vec<_> = sets.into_iter().flatten().collect();
    if let [first, second, ..] = sets.as_slice() {
        let [first, second] = [first, second].map(|set| set[0].origin.to_string().replace("environment variable ", ""));
        let problem = format!("read the environment: {first} and {second} are both set, and only one can be used");
        return Err(Error::config(problem).with_hint(format!("unset {first} or {second}")));
    }
    if let Some(set) = sets.pop() {
        return Ok(set);
    }
    for names in &CLIENT[1..] {
        let family = family(environment, *names)?;
        if !family.is_empty() {
            return Ok(family);
        }
    }
    Ok(Vec::new())
}

fn family(environment: &Environment, names: (&str, &str)) -> Result<Vec<Setting>, Error> {
    let (id_name, secret_name) = names;
    let mut family = Vec::new();
    if let Some(id) = environment.setting(id_name)? {
        family.push(setting(Key::ClientId, id, id_name));
    }
    if environment.setting(secret_name)?.is_some() {
        let secret = SecretRef::Variable(secret_name.to_owned());
        family.push(setting(Key::ClientSecret, secret.value(), secret_name));
    }
    Ok(family)
}

fn setting(key: Key, value: impl Into<Value>, variable: &str) -> Setting {
    Setting::new(key, value, Origin::Variable(variable.to_owned()))
}

/// The variables with credentials that are there and do not apply, each with the reason. For errors about missing ones.
pub(crate) fn unused_credentials(environment: &Environment) -> Vec<String> {
    let is_set = |name: &str| environment.setting(name).ok().flatten().is_some();
    let is_empty = |name: &str| environment.raw(name).is_some() && !is_set(name);
    let own = [
        CLIENT[0].0,
        CLIENT[0].1,
        CLIENT_SECRET_FILE,
        PRIVATE_KEY_FILE,
        ASSERTION_FILE,
        TOKENS[0],
        TOKENS[1],
        TOKEN_FILE,
    ];
    let mut used = own.into_iter().find(|name| is_set(name));
    let mut reasons = Vec::new();
    for (id, secret) in CLIENT {
        let names = match (is_set(id), is_set(secret)) {
            (true, true) => format!("{id} and {secret}"),
            (true, false) => id.to_owned(),
            (false, true) => secret.to_owned(),
            (false, false) => continue,
        };
        match used {
            Some(first) if first != id && first != secret && !own.contains(&id) => {
                reasons.push(format!("{names} ignored, because {first} is set"));
            }
            _ => used = used.or(Some(if is_set(id) { id } else { secret })),
        }
    }
    let all = CLIENT.into_iter().flat_map(|(id, secret)| [id, secret]).chain(TOKENS);
    reasons.extend(all.filter(|name| is_empty(name)).map(|name| format!("{name} is empty")));
    reasons
}

/// The variables whose values are in quotes.
pub(crate) fn quoted(environment: &Environment) -> Vec<&'static str> {
    let names = Key::ALL.iter().flat_map(|key| key.all_variables()).chain([env_vars::PROFILE, env_vars::CONFIG]);
    names.filter(|name| environment.is_quoted(name)).collect()
}

/// What the names of our own variables begin with.
const OURS: &str = "OPTIMIZE_";

/// Variables that are probably misspelt, each with the one that is probably meant. Others may belong to another program.
pub(crate) fn misspelt(environment: &Environment) -> Vec<(&str, &'static str)> {
    let settings = Key::ALL.iter().flat_map(|key| key.all_variables());
    let known: Vec<_> = settings.chain(env_vars::OTHERS).filter_map(|name| name.strip_prefix(OURS)).collect();
    let ours = environment.names_with(OURS).filter_map(|name| Some((name, name.strip_prefix(OURS)?)));
    let unknown = ours.filter(|(_, rest)| !known.contains(rest));
    unknown.filter_map(|(name, rest)| Some((name, optimize_auth::nearest(rest, known.iter().copied())?))).collect()
}
