//! The layers of settings, merged by figment. Errors of figment show values, so they are translated here.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use figment::error::Kind;
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};
use secrecy::SecretString;
use serde::Deserialize;

use crate::error::Error;
use crate::keys::Key;
use crate::setting::{Origin, Setting};
use crate::suggest::suggest;
use crate::types::Form;

/// One layer: the settings of one place.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// The profile of figment that it belongs to. It has priority over the default one, and the global one over both.
    profile: Profile,
    settings: Vec<Setting>,
    /// What the layers below may not set beside it.
    hides: Vec<Key>,
}

impl Layer {
    /// A layer that hides the credential set of those below if it holds any part of one.
    pub(crate) fn new(profile: Profile, settings: Vec<Setting>) -> Self {
        let has_credentials = settings.iter().any(|setting| Key::CREDENTIALS.contains(&setting.key));
        let hides = if has_credentials { Key::CREDENTIALS.to_vec() } else { Vec::new() };
        Self { profile, settings, hides }
    }

    /// A layer of the highest priority that may complete the credential set of those below, except for what it `hides`.
    pub(crate) fn completing(settings: Vec<Setting>, hides: Vec<Key>) -> Self {
        Self { profile: Profile::Global, settings, hides }
    }

    fn of_profile(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    fn get(&self, key: Key) -> Option<&Setting> {
        self.settings.iter().rev().find(|setting| setting.key == key)
    }
}

/// Settings from all layers. A later layer has priority over an earlier one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layers {
    all: Vec<Layer>,
    /// The profile in use.
    profile: Option<String>,
    /// What `~` at the beginning of a path stands for.
    home: Option<PathBuf>,
    /// Secrets that stand in files. They are never merged; a reference holds their number.
    inline: Vec<SecretString>,
    /// All layers, merged when first needed; a new layer empties it.
    merged: OnceLock<Figment>,
}

impl Layers {
    /// No layers yet. Paths that begin with `~` lead into `home`.
    pub(crate) fn new(home: Option<PathBuf>, profile: Option<&str>) -> Self {
        Self { home, profile: profile.map(str::to_owned), ..Self::default() }
    }

    /// What one member of a chain sets.
    pub(crate) fn of_member(&self, settings: &[Setting]) -> Self {
        let mut member = Self { home: self.home.clone(), inline: self.inline.clone(), ..Self::default() };
        member.push(Layer::completing(settings.to_vec(), Vec::new()));
        member
    }

    /// Keeps a secret that stands in a file. Its number is for a [`SecretRef`](super::setting::SecretRef).
    pub(crate) fn keep(&mut self, secret: SecretString) -> usize {
        self.inline.push(secret);
        self.inline.len() - 1
    }

    /// A secret that stands in a file.
    pub(crate) fn inline(&self, number: usize) -> Option<&SecretString> {
        self.inline.get(number)
    }

    /// Puts a layer above the others.
    pub(crate) fn push(&mut self, layer: Layer) {
        let layer = self.expanded(layer);
        self.insert(self.all.len(), layer);
    }

    /// Puts what a preset supplies above the defaults, and below all that the user set.
    pub(crate) fn push_preset(&mut self, settings: Vec<Setting>) {
        let is_default = |layer: &&Layer| layer.settings.first().is_some_and(|first| first.origin == Origin::Default);
        let place = self.all.iter().take_while(is_default).count();
        self.insert(place, Layer::completing(settings, Vec::new()).of_profile(Profile::Default));
    }

    fn insert(&mut self, place: usize, layer: Layer) {
        self.all.insert(place, layer);
        self.merged.take();
    }

    /// Whether the layer may set this: no layer above it holds another credential set, or another reference to the secret,
    /// since figment would join the two.
    fn is_visible(&self, number: usize, key: Key) -> bool {
        let is_secret = key.form() == Form::Secret;
        let hides = |above: &Layer| above.hides.contains(&key) || (is_secret && above.get(key).is_some());
        !self.all[number + 1..].iter().any(hides)
    }

    /// All layers, merged.
    fn figment(&self) -> &Figment {
        self.merged.get_or_init(|| {
            let layers = (0..self.all.len()).map(|number| Visible { layers: self, number });
            let merged = layers.fold(Figment::new(), Figment::merge);
            merged.select(self.profile.as_deref().unwrap_or("default"))
        })
    }

    /// The settings of a group, each checked for its type.
    pub(crate) fn extract<T: for<'de> Deserialize<'de>>(&self) -> Result<T, Error> {
        self.figment().extract().map_err(|error| self.translated(&error, ""))
    }

    /// The settings of the group in the table `auth`.
    pub(crate) fn extract_auth<T: for<'de> Deserialize<'de> + Default>(&self) -> Result<T, Error> {
        let figment = self.figment();
        if !figment.contains("auth") {
            return Ok(T::default());
        }
        figment.extract_inner("auth").map_err(|error| self.translated(&error, "auth."))
    }

    /// The setting that has priority.
    pub(crate) fn get(&self, key: Key) -> Option<&Setting> {
        let metadata = self.figment().find_metadata(key.path())?.name.to_string();
        self.all.get(metadata.parse::<usize>().ok()?)?.get(key)
    }

    /// The settings that are hidden by the one that has priority, the highest first.
    pub(crate) fn hidden(&self, key: Key) -> impl Iterator<Item = &Setting> {
        let all = self.all.iter().rev().filter_map(move |layer| layer.get(key));
        let is_hidden = all.filter(|setting| setting.origin.is_set());
        is_hidden.skip(usize::from(self.get(key).is_some_and(|setting| setting.origin.is_set())))
    }

    /// The string of a setting.
    pub(crate) fn text(&self, key: Key) -> Option<String> {
        self.get(key)?.value.as_str().map(str::to_owned)
    }

    pub(crate) fn has(&self, key: Key) -> bool {
        self.get(key).is_some()
    }

    /// Where the setting is set that has priority.
    pub(crate) fn origin(&self, key: Key) -> String {
        self.get(key).map(|setting| setting.origin.to_string()).unwrap_or_default()
    }

    /// An error about a setting that names its key and its place.
    pub(crate) fn invalid(&self, key: Key, problem: &str) -> Error {
        Error::config(format!("{} ({}): {problem}", key.path(), self.origin(key))).stating()
    }

    fn translated(&self, error: &figment::Error, prefix: &str) -> Error {
        let path = format!("{prefix}{}", error.path.join("."));
        let is_at = |key: &&Key| path == key.path() || path.starts_with(&format!("{}.", key.path()));
        match Key::ALL.iter().find(is_at) {
            Some(key) => {
                let (text, error) = (self.text(*key), self.invalid(*key, &problem(error)));
                let words = key.words();
                match &text {
                    Some(text) if !words.is_empty() => suggest(error, text, words),
                    _ => crate::settings::with_address_hint(error, *key, text),
                }
            }
            None => Error::config(format!("read the settings: {}", problem(error))),
        }
    }

    /// The layer with the home directory in place of each `~`.
    fn expanded(&self, mut layer: Layer) -> Layer {
        if let Some(home) = &self.home {
            layer.settings.iter_mut().for_each(|setting| expand(setting.key, &mut setting.value, home));
        }
        layer
    }
}

/// What is wrong with a value. Only our own types word it, since the texts of figment repeat the value.
pub(crate) fn problem(error: &figment::Error) -> String {
    match &error.kind {
        Kind::Message(problem) => problem.clone(),
        Kind::MissingField(name) => format!("{name} is missing"),
        _ => "it has another form than expected".to_owned(),
    }
}

fn expand(key: Key, value: &mut Value, home: &Path) {
    let is_program = key != Key::EnvAllow;
    match value {
        Value::String(_, text) if key.form() == Form::Path || key == Key::TokenCache => expand_text(text, home),
        Value::Array(_, words) if key.form() == Form::List && is_program => {
            if let Some(Value::String(_, program)) = words.first_mut() {
                expand_text(program, home);
            }
        }
        Value::Array(_, members) if key.form() == Form::Tables => {
            for member in members {
                if let Value::Dict(_, settings) = member {
                    for (name, value) in settings.iter_mut() {
                        if let Some(key) = Key::of_auth(name) {
                            expand(key, value, home);
                        }
                    }
                }
            }
        }
        Value::Dict(_, reference) if key.form() == Form::Secret => match reference.iter_mut().next() {
            Some((name, Value::String(_, path))) if name == "file" => expand_text(path, home),
            Some((name, Value::Array(_, words))) if name == "command" => {
                if let Some(Value::String(_, program)) = words.first_mut() {
                    expand_text(program, home);
                }
            }
            _ => {}
        },
        _ => {}
    }
}

fn expand_text(text: &mut String, home: &Path) {
    if let Ok(rest) = Path::new(text.as_str()).strip_prefix("~") {
        *text = home.join(rest).to_string_lossy().into_owned();
    }
}

/// What a layer contributes. Its metadata is its number, by which its settings and their places are found again.
struct Visible<'a> {
    layers: &'a Layers,
    number: usize,
}

impl Provider for Visible<'_> {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.number.to_string())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let layer = &self.layers.all[self.number];
        let (mut top, mut auth) = (Dict::new(), Dict::new());
        for setting in &layer.settings {
            if !self.layers.is_visible(self.number, setting.key) {
                continue;
            }
            let table = if setting.key.path().starts_with("auth.") { &mut auth } else { &mut top };
            table.insert(setting.key.name().to_owned(), setting.value.clone());
        }
        if !auth.is_empty() {
            top.insert("auth".to_owned(), Value::from(auth));
        }
        Ok(layer.profile.collect(top))
    }
}
