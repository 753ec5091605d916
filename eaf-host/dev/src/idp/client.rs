//! Authentication of the provider's only client, by either `client_secret_basic` or
//! `client_secret_post`.

use axum::http::{HeaderMap, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openidconnect::url::form_urlencoded;

pub struct Client {
    pub id: &'static str,
    pub secret: String,
}

impl Client {
    /// Checks the client's credentials in the header `Authorization` or in the form. `id` and
    /// `secret` are the form's values; each is empty if the form lacks it.
    pub fn authenticates(&self, headers: &HeaderMap, id: &str, secret: &str) -> bool {
        match headers.get(header::AUTHORIZATION) {
            None => id == self.id && secret == self.secret,
            Some(value) => {
                let given = value.to_str().ok().and_then(basic);
                // The form may repeat the id that the header contains, but not add a second secret.
                let form_fits = secret.is_empty() && (id.is_empty() || id == self.id);
                form_fits && given.is_some_and(|(id, secret)| id == self.id && secret == self.secret)
            }
        }
    }
}

/// Reads id and secret, each form-encoded (RFC 6749, 2.3.1), from a Basic `Authorization` header.
/// `None`: the header has another form.
fn basic(value: &str) -> Option<(String, String)> {
    let (scheme, encoded) = value.split_once(' ')?;
    let text = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    scheme.eq_ignore_ascii_case("basic").then(|| (decoded(id), decoded(secret)))
}

fn decoded(text: &str) -> String {
    // A form's parser reads a single value as a name without a value.
    form_urlencoded::parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_secret_are_decoded() {
        let text = format!("Basic {}", STANDARD.encode("my+client%3A1:s%26c%3Dr+t"));
        assert_eq!(basic(&text), Some(("my client:1".into(), "s&c=r t".into())));
        for bad in ["Basic", "Basic !", "Bearer YTpi", &format!("Basic {}", STANDARD.encode("no-colon"))] {
            assert_eq!(basic(bad), None, "{bad}");
        }
    }
}
