//! JSON text that is looked into without being decoded: numbers keep their digits, and odd values stay what they are.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The JSON text of one value.
#[derive(Clone, Copy, Debug)]
pub struct JsonText<'a>(&'a str);

impl<'a> JsonText<'a> {
    /// The text of a value. `None` if it is not JSON.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        serde_json::from_slice::<&RawValue>(bytes).ok().map(|raw| Self(raw.get()))
    }

    /// The member of this name, if this is an object that has it.
    pub fn member(self, wanted: &str) -> Option<Self> {
        self.members().into_iter().find_map(|(name, value)| (name == wanted).then_some(value))
    }

    /// The elements of an array; `None` if this is not one.
    pub fn elements(self) -> Option<Vec<Self>> {
        let raw: Vec<&RawValue> = serde_json::from_str(self.0).ok()?;
        Some(raw.into_iter().map(|raw| Self(raw.get())).collect())
    }

    /// The members of these names of each element of an array of objects, in one pass. `None` of anything else. A name that an
    /// object has twice stands for the last one.
    pub fn members_of_elements<const N: usize>(json: &'a str, names: [&str; N]) -> Option<Vec<[Option<Self>; N]>> {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        let elements = Elements(names).deserialize(&mut deserializer).ok()?;
        deserializer.end().ok().map(|()| elements)
    }

    /// The string that this is.
    pub fn string(self) -> Option<String> {
        match self.plain() {
            Some(plain) => Some(plain.to_owned()),
            None => self.is_text().then(|| serde_json::from_str(self.0).ok()).flatten(),
        }
    }

    /// The characters of a string that has no escapes.
    fn plain(self) -> Option<&'a str> {
        let inside = self.0.strip_prefix('"')?.strip_suffix('"')?;
        (!inside.contains('\\')).then_some(inside)
    }

    pub fn is_object(self) -> bool {
        self.0.starts_with('{')
    }

    /// What this is, for errors.
    pub fn kind(self) -> &'static str {
        match self.0.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    /// What a person reads: a text without its quotes, nothing for `null`, anything else as JSON.
    pub fn text(self) -> Cow<'a, str> {
        match self.0.as_bytes().first() {
            Some(b'"') => match self.plain() {
                Some(plain) => Cow::Borrowed(plain),
                None => serde_json::from_str(self.0).unwrap_or(Cow::Borrowed(self.0)),
            },
            Some(b'n') => Cow::Borrowed(""),
            _ => Cow::Borrowed(self.0),
        }
    }

    /// The JSON text.
    pub fn json(self) -> &'a str {
        self.0
    }

    pub fn is_text(self) -> bool {
        self.0.starts_with('"')
    }

    pub fn is_empty(self) -> bool {
        self.0 == "null" || self.0 == "\"\""
    }

    pub fn is_nested(self) -> bool {
        self.0.starts_with(['{', '['])
    }

    /// The value inside an object that a path of member names leads to. A name may hold dots too.
    pub fn at(self, path: &str) -> Option<Self> {
        self.members().into_iter().find_map(|(name, value)| {
            let rest = path.strip_prefix(name.as_ref())?;
            if rest.is_empty() { Some(value) } else { value.at(rest.strip_prefix('.')?) }
        })
    }

    /// The names of an object's members.
    pub fn member_names(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.members().into_iter().map(|(name, _)| name)
    }

    /// The members of an object in their order. `None` of anything else, and of an object with a name that is not text.
    pub fn object(self) -> Option<Vec<(Cow<'a, str>, Self)>> {
        self.is_object().then(|| Self::object_of(self.0.as_bytes())).flatten()
    }

    /// The same of JSON that was not looked at before.
    pub fn object_of(json: &'a [u8]) -> Option<Vec<(Cow<'a, str>, Self)>> {
        serde_json::from_slice(json).ok().map(|Members(members)| members)
    }

    /// The members of an object; none of anything else.
    fn members(self) -> Vec<(Cow<'a, str>, Self)> {
        self.object().unwrap_or_default()
    }
}

/// An object's members in their order, undecoded.
struct Members<'a>(Vec<(Cow<'a, str>, JsonText<'a>)>);

/// A name that is borrowed where it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Name(name), value)) = map.next_entry::<_, &RawValue>()? {
                    members.push((name, JsonText(value.get())));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// The elements of an array, of which these members are wanted.
struct Elements<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Elements<'_, N> {
    type Value = Vec<[Option<JsonText<'de>>; N]>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Elements<'_, N> {
    type Value = Vec<[Option<JsonText<'de>>; N]>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Self::Value, A::Error> {
        let mut found = Vec::new();
        while let Some(element) = elements.next_element_seed(Chosen(&self.0))? {
            found.push(element);
        }
        Ok(found)
    }
}

/// An object of which these members are wanted.
struct Chosen<'n, const N: usize>(&'n [&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Chosen<'_, N> {
    type Value = [Option<JsonText<'de>>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Chosen<'_, N> {
    type Value = [Option<JsonText<'de>>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = [None; N];
        while let Some(Name(name)) = map.next_key()? {
            match self.0.iter().position(|wanted| *wanted == name) {
                Some(place) => found[place] = Some(JsonText(map.next_value::<&RawValue>()?.get())),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }
}
