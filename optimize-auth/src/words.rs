//! Words that stand for a choice in settings.

use std::error::Error;
use std::fmt;

/// Declares an enum whose variants are written as words: `ALL`, `name`, `Display` and `FromStr` agree by construction.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$variant_about:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$variant_about])* $variant,)*
        }

        impl $name {
            /// Every choice.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The word for it in settings.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::UnknownWord;

            /// Finds the choice, whatever the case of `word`. The error lists all words.
            fn from_str(word: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|choice| choice.name().eq_ignore_ascii_case(word));
                found.ok_or(crate::UnknownWord::new(&[$($word,)*]))
            }
        }
    };
}

pub(crate) use words;

/// The one of `known` that `given` probably means: misspelt by few letters.
///
/// ```
/// assert_eq!(optimize_auth::nearest("client_secert", ["client_id", "client_secret"]), Some("client_secret"));
/// assert_eq!(optimize_auth::nearest("scope", ["client_id", "client_secret"]), None);
/// ```
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = given.chars().count();
    // A third of the letters may be wrong, but not all of them.
    let most = length.div_ceil(3).min(length.saturating_sub(1));
    let scored = known.into_iter().map(|name| (strsim::osa_distance(given, name), name));
    let (_, name) = scored.filter(|(distance, _)| *distance <= most).min_by_key(|(distance, _)| *distance)?;
    Some(name)
}

/// The error of a word that stands for no choice. Its text lists the words that do, and never the one that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord {
    known: &'static [&'static str],
}

impl UnknownWord {
    pub(crate) const fn new(known: &'static [&'static str]) -> Self {
        Self { known }
    }
}

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (last, others) = self.known.split_last().unwrap_or((&"", &[]));
        write!(f, "expected {} or {last}", others.join(", "))
    }
}

impl Error for UnknownWord {}
