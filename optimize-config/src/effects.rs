//! What a configuration file would do, in plain words: for the decision whether to trust it.

use crate::file::ConfigFile;
use crate::keys::Key;
use crate::setting::{Origin, SecretRef, Setting};
use crate::shell;

/// One line for each thing that the file sets, the top of the file first, then each profile.
pub fn effects(file: &ConfigFile) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(profile) = &file.default_profile {
        lines.push(format!("uses the profile `{profile}` if none is named"));
    }
    lines.extend(file.settings.iter().map(line));
    for (profile, settings) in &file.profiles {
        lines.extend(settings.iter().map(|setting| format!("with the profile `{profile}`: {}", line(setting))));
    }
    if lines.is_empty() {
        lines.push("sets nothing".to_owned());
    }
    lines
}

fn line(setting: &Setting) -> String {
    let place = match &setting.origin {
        Origin::File { line, .. } => format!(" (line {line})"),
        Origin::Variable(_) | Origin::Flag(_) | Origin::Preset | Origin::Default => String::new(),
    };
    format!("{}{place}", effect(setting))
}

/// A setting without an arm here does not compile: each must say what it does.
fn effect(setting: &Setting) -> String {
    let value = value(setting);
    match setting.key {
        Key::BaseUrl => format!("sends requests, with the credentials, to {value}"),
        Key::TokenUrl => format!("sends the client id and secret to {value}"),
        Key::Issuer => format!("asks {value} for the token endpoint, and sends the client id and secret there"),
        Key::RealmUrl => format!("sends the client id and secret to the Keycloak realm {value}"),
        Key::Preset => format!("takes the server and the token endpoint from the preset {value}"),
        Key::Region => format!("sends requests to the Camunda SaaS region {value}"),
        Key::ClusterId => format!("sends requests to the Camunda SaaS cluster {value}"),
        Key::Tenant => format!("sends the client id and secret to the Entra tenant {value}"),
        Key::ApplicationId => format!("asks for tokens for the Entra application {value}"),
        Key::CaFile => format!("trusts the certificate authorities in the file {value}"),
        Key::AllowInsecureHttp => format!("allows unencrypted http to other machines: {value}"),
        Key::TokenCache => format!("keeps tokens in {value}"),
        Key::ClientCertFile => format!("reads the client certificate from the file {value}"),
        Key::ClientKeyFile => format!("reads the key of the client certificate from the file {value}"),
        Key::Strategy => format!("authenticates with the strategy {value}"),
        Key::ClientId => format!("uses the client id {value}"),
        Key::ClientSecret => format!("takes the client secret from {value}"),
        Key::PrivateKey => format!("takes the private key from {value}"),
        Key::AssertionFile => format!("reads an assertion from the file {value}"),
        Key::Token => format!("takes the token from {value}"),
        Key::TokenFile => format!("reads the token from the file {value}"),
        Key::Command => format!("runs the program {value}"),
        Key::HelperTimeout => format!("gives the credential helper {value}"),
        Key::Interactive => format!("lets the credential helper ask you: {value}"),
        Key::EnvAllow => format!("gives the credential helper the environment variables {value}"),
        Key::Sources => format!("tries several sources of credentials: {value}"),
        Key::ClientAuth => format!("proves the client's identity with {value}"),
        Key::KeyId => format!("signs with the key id {value}"),
        Key::SigningAlgorithm => format!("signs with {value}"),
        Key::AssertionAudience => format!("signs assertions for {value}"),
        Key::Audience => format!("asks for tokens for the audience {value}"),
        Key::Scope => format!("asks for tokens with the scope {value}"),
        Key::Resource => format!("asks for tokens for the resource {value}"),
        Key::Protected => format!("asks before something is changed: {value}"),
        Key::Output => format!("prints data as {value}"),
        Key::Timeout => format!("waits for a response for {value}"),
    }
}

fn value(setting: &Setting) -> String {
    match setting.secret() {
        Some(SecretRef::Inline(_)) => return "this file itself".to_owned(),
        Some(SecretRef::Command(command)) => return format!("the output of the program {}", command_line(&command)),
        Some(secret) => return format!("the {secret}"),
        None => {}
    }
    if let Some(words) = setting.list() {
        return command_line(&words);
    }
    let members = setting.members();
    let members: Vec<_> =
        members.iter().map(|member| member.iter().map(effect).collect::<Vec<_>>().join(", ")).collect();
    if members.is_empty() { setting.shown() } else { members.join("; else ") }
}

fn command_line(words: &[String]) -> String {
    shell::command_line(words.iter().map(String::as_str))
}
