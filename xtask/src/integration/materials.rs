//! Secrets, keys and certificates that servers and tests share, made for each run by `openssl`.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use xshell::{Shell, cmd};

use super::process::bring;
use crate::util::Outcome;

const EC: [&str; 2] = ["-pkeyopt", "ec_paramgen_curve:prime256v1"];

/// A directory with `secrets.json`, `client-key.pem` and `jwks.json` of the client that signs, and `ca.pem`, `server.pem`,
/// `server.key`, `client.pem` for TLS.
pub(super) struct Materials {
    pub(super) directory: PathBuf,
}

impl Materials {
    pub(super) fn make(directory: PathBuf) -> Outcome<Self> {
        bring("secrets.json", &directory)?;
        let shell = Shell::new()?;
        shell.change_dir(&directory);
        cmd!(shell, "openssl genpkey -quiet -algorithm EC {EC...} -out client-key.pem")
            .quiet()
            .ignore_stderr()
            .run()?;
        let der = cmd!(shell, "openssl pkey -in client-key.pem -pubout -outform DER").quiet().output()?.stdout;
        fs::write(directory.join("jwks.json"), json!({ "keys": [jwk(&der)] }).to_string())?;
        let days = "-days";
        cmd!(
            shell,
            "openssl req -x509 -newkey ec {EC...} -nodes -keyout ca.key -out ca.pem -subj /CN=lab-authority {days} 2"
        )
        .quiet()
        .ignore_stderr()
        .run()?;
        fs::write(directory.join("server.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")?;
        fs::write(directory.join("client.ext"), "extendedKeyUsage=clientAuth\n")?;
        for (name, subject) in [("server", "/CN=server"), ("client", "/CN=lab")] {
            let [key, request, certificate, extensions] =
                ["key", "csr", "pem", "ext"].map(|end| format!("{name}.{end}"));
            cmd!(shell, "openssl req -newkey ec {EC...} -nodes -keyout {key} -out {request} -subj {subject}")
                .quiet()
                .ignore_stderr()
                .run()?;
            let signed = cmd!(shell, "openssl x509 -req -in {request} -CA ca.pem -CAkey ca.key -CAcreateserial");
            signed.args(["-out", &certificate, days, "2", "-extfile", &extensions]).quiet().ignore_stderr().run()?;
        }
        Ok(Self { directory })
    }

    /// The names of the secrets, and the secrets.
    pub(super) fn secrets(&self) -> Outcome<Vec<(String, String)>> {
        let text = fs::read_to_string(self.directory.join("secrets.json"))?;
        let secrets: serde_json::Map<String, Value> = serde_json::from_str(&text)?;
        let text = |(name, value): (String, Value)| Some((name, value.as_str()?.to_owned()));
        Ok(secrets.into_iter().filter_map(text).collect())
    }

    pub(super) fn jwks(&self) -> Outcome<String> {
        Ok(fs::read_to_string(self.directory.join("jwks.json"))?)
    }

    pub(super) fn path(&self) -> &Path {
        &self.directory
    }
}

/// A P-256 public key, whose DER ends with its two numbers.
fn jwk(der: &[u8]) -> Value {
    let (x, y) = der[der.len() - 64..].split_at(32);
    let number = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "lab", "x": number(x), "y": number(y) })
}
