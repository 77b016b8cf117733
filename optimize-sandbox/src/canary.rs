//! A secret that is easy to find again.

use std::collections::HashSet;
#[cfg(target_os = "linux")]
use std::fs::File;
#[cfg(target_os = "linux")]
use std::io::{self, Read, Seek, SeekFrom};

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

/// A random secret, and a search for every form in which a program might let it slip: for tests.
///
/// It is made of letters and digits, so that it is also a bearer token.
///
/// ```
/// use optimize_sandbox::Canary;
///
/// let canary = Canary::new();
/// assert!(canary.find(b"nothing of it here").is_none());
/// assert!(canary.find(format!("a log with {} in it", canary.secret()).as_bytes()).is_some());
/// ```
#[derive(Clone)]
pub struct Canary(String);

/// This many consecutive bytes of a secret count as a find.
const WINDOW: usize = 8;

/// So many characters of base64 hold eight bytes at any offset.
const BASE64_WINDOW: usize = 12;

impl Canary {
    /// A secret of 40 characters.
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Self {
        Self(std::iter::repeat_with(fastrand::alphanumeric).take(40).collect())
    }

    /// The secret.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The form in which the secret, or eight bytes of it, stands in `bytes`: raw, hexadecimal, or base64 at any of the
    /// three offsets. Percent-encoding and JSON leave its letters and digits as they are, so they are raw.
    pub fn find(&self, bytes: &[u8]) -> Option<&'static str> {
        let secret = self.0.as_bytes();
        if holds::<WINDOW>(bytes, &[secret.to_vec()]) {
            return Some("raw");
        }
        let hexadecimal: Vec<u8> = secret.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect();
        if holds::<{ 2 * WINDOW }>(&bytes.to_ascii_lowercase(), &[hexadecimal]) {
            return Some("hexadecimal");
        }
        // What is left out at the end depends on what stands after the secret.
        let parts = (0..3).map(|offset| &secret[offset..offset + 36]);
        let base64: Vec<_> = parts
            .flat_map(|part| [BASE64_STANDARD.encode(part), BASE64_URL_SAFE_NO_PAD.encode(part)])
            .map(String::into_bytes)
            .collect();
        holds::<BASE64_WINDOW>(bytes, &base64).then_some("base64")
    }

    /// How many copies of the whole secret are in the writable memory of a process. Fails if this user may not read it.
    #[cfg(target_os = "linux")]
    pub fn copies_in(&self, process: u32) -> io::Result<usize> {
        let maps = std::fs::read_to_string(format!("/proc/{process}/maps"))?;
        let mut memory = File::open(format!("/proc/{process}/mem"))?;
        let mut found = 0;
        for line in maps.lines().filter(|line| !line.ends_with("[vvar]")) {
            let Some((range, mode)) = line.split_once(' ') else { continue };
            let bound = |text: &str| u64::from_str_radix(text, 16).map_err(io::Error::other);
            let (start, end) = range.split_once('-').unwrap_or_default();
            let (start, end) = (bound(start)?, bound(end)?);
            if !mode.starts_with("rw") {
                continue;
            }
            let mut bytes = vec![0; usize::try_from(end - start).map_err(io::Error::other)?];
            memory.seek(SeekFrom::Start(start))?;
            // A process that runs may have given the memory back since.
            if memory.read_exact(&mut bytes).is_ok() {
                found += bytes.windows(self.0.len()).filter(|window| *window == self.0.as_bytes()).count();
            }
        }
        Ok(found)
    }
}

/// Whether `bytes` hold so many bytes in a row of any of the `forms`. Each place is looked at once, for logs are long.
fn holds<const LENGTH: usize>(bytes: &[u8], forms: &[Vec<u8>]) -> bool {
    let wanted: HashSet<&[u8]> = forms.iter().flat_map(|form| form.windows(LENGTH)).collect();
    bytes.windows(LENGTH).any(|window| wanted.contains(window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_in_every_form_and_nowhere_else() {
        let canary = Canary::new();
        let secret = canary.secret();
        assert_eq!(canary.find(format!("x{}y", &secret[7..20]).as_bytes()), Some("raw"));
        for before in ["", "i:", "id:"] {
            let encoded = BASE64_STANDARD.encode(format!("{before}{secret}"));
            assert_eq!(canary.find(encoded.as_bytes()), Some("base64"));
        }
        let hexadecimal: Vec<u8> = secret.bytes().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect();
        assert_eq!(canary.find(&hexadecimal), Some("hexadecimal"));
        assert_eq!(canary.find(Canary::new().secret().as_bytes()), None);
        assert_eq!(canary.find(b""), None);
    }
}
