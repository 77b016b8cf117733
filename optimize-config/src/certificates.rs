//! What files of certificate authorities are, other than PEM.

use crate::shell::quoted;

/// What is wrong with a file that is not one of certificates in PEM form, and how it is converted.
pub fn check(bytes: &[u8], path: &str) -> Result<(), (&'static str, String)> {
    let has = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    let file = quoted(path);
    if has("-----BEGIN CERTIFICATE-----") {
        return Ok(());
    }
    if bytes.starts_with(b"\xfe\xed\xfe\xed") {
        let fix =
            format!("export the certificate: keytool -exportcert -rfc -alias ALIAS -keystore {file} -file ca.pem");
        return Err(("is a Java key store, not PEM", fix));
    }
    if bytes.first() == Some(&0x30) {
        let fix = format!(
            "convert it: openssl x509 -inform der -in {file} -out ca.pem; if it is PKCS #12: openssl pkcs12 -in {file} -nokeys \
             -out ca.pem"
        );
        return Err(("is binary (DER or PKCS #12), not PEM", fix));
    }
    if has("-----BEGIN PKCS7-----") {
        return Err(("is PKCS #7", format!("convert it: openssl pkcs7 -print_certs -in {file} -out ca.pem")));
    }
    if has("-----BEGIN TRUSTED CERTIFICATE-----") {
        return Err(("has trust settings of OpenSSL", format!("convert it: openssl x509 -in {file} -out ca.pem")));
    }
    if has("PRIVATE KEY-----") {
        return Err((
            "has a private key and no certificate",
            "give the file with the certificate of the CA".to_owned(),
        ));
    }
    Err(("has no certificate", expected()))
}

/// The problem of a file that looks like PEM and is not.
pub(crate) fn unreadable(path: &str) -> (&'static str, String) {
    let fix = format!("see which: openssl x509 -in {} -noout -text", quoted(path));
    ("has a certificate that cannot be read", fix)
}

fn expected() -> String {
    "give a PEM file: text that begins with -----BEGIN CERTIFICATE-----".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_forms_are_named_with_their_conversion() {
        let refusal = |bytes: &[u8]| match check(bytes, "corp ca.der") {
            Ok(()) => String::new(),
            Err((problem, fix)) => format!("{problem}: {fix}"),
        };
        assert_eq!(refusal(b"remark\n-----BEGIN CERTIFICATE-----\n"), "");
        assert!(refusal(b"\x30\x82\x03").contains("openssl x509 -inform der -in 'corp ca.der' -out ca.pem"));
        assert!(refusal(b"\xfe\xed\xfe\xed\0").contains("keytool -exportcert"));
        assert!(refusal(b"-----BEGIN PKCS7-----").contains("openssl pkcs7"));
        assert!(refusal(b"-----BEGIN TRUSTED CERTIFICATE-----").contains("openssl x509 -in"));
        assert!(refusal(b"-----BEGIN RSA PRIVATE KEY-----").starts_with("has a private key"));
        assert!(refusal(b"").starts_with("has no certificate: give a PEM file"));
    }
}
