//! Discovery document of a provider, as far as sign-in and sign-out need it. Unused members may be
//! missing or malformed; the issuer must equal the configured one exactly.

use openidconnect::url::Url;
use serde_json::Value;

/// Path of the discovery document below the issuer's address.
const PATH: &str = ".well-known/openid-configuration";

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(
        "EAF_OIDC_ISSUER is {configured}, but the discovery document there is of the issuer {published}: \
         both must be equal, to the letter"
    )]
    Issuer { configured: String, published: String },
    #[error("the discovery document's member `{0}` is missing")]
    Missing(&'static str),
    #[error("the discovery document's member `{0}` is not an address")]
    Address(&'static str),
}

#[derive(Clone)]
pub struct Document {
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    pub end_session_endpoint: Option<Url>,
    /// Whether the client secret is sent in the body of a request instead of the `Authorization`
    /// header.
    pub secret_in_body: bool,
    /// Whether authorization responses name their issuer (RFC 9207); a response without an issuer
    /// then comes from another party.
    pub answers_name_issuer: bool,
}

/// Address of an issuer's discovery document.
pub fn address(issuer: &str) -> String {
    format!("{}/{PATH}", issuer.strip_suffix('/').unwrap_or(issuer))
}

impl Document {
    pub fn read(configured: &str, document: &Value) -> Result<Self, Error> {
        let published = document["issuer"].as_str().ok_or(Error::Missing("issuer"))?;
        if published != configured {
            let (configured, published) = (configured.into(), super::provider_error::printable(published));
            return Err(Error::Issuer { configured, published });
        }
        let needed = |name| endpoint(document, name)?.ok_or(Error::Missing(name));
        let methods = texts(&document["token_endpoint_auth_methods_supported"]);
        Ok(Document {
            authorization_endpoint: needed("authorization_endpoint")?,
            token_endpoint: needed("token_endpoint")?,
            jwks_uri: needed("jwks_uri")?,
            end_session_endpoint: endpoint(document, "end_session_endpoint")?,
            // Basic authentication is the standard's default, so the body is used only where Basic
            // is not offered.
            secret_in_body: methods.contains(&"client_secret_post") && !methods.contains(&"client_secret_basic"),
            answers_name_issuer: document["authorization_response_iss_parameter_supported"] == true,
        })
    }
}

/// Address of an endpoint; `None`: the document lacks the endpoint, or names an empty text, as some
/// providers do.
fn endpoint(document: &Value, name: &'static str) -> Result<Option<Url>, Error> {
    match &document[name] {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) => {
            let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "https" | "http"));
            url.map(Some).ok_or(Error::Address(name))
        }
        _ => Err(Error::Address(name)),
    }
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().map(|list| list.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ISSUER: &str = "https://id.example/realms/eaf";

    fn good() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example/authorize",
            "token_endpoint": "https://id.example/token",
            "jwks_uri": "https://id.example/jwks",
        })
    }

    fn with(member: &str, value: Value) -> Value {
        let mut document = good();
        document[member] = value;
        document
    }

    #[test]
    fn unused_members_may_be_missing_or_malformed() {
        for document in [
            good(),
            with("subject_types_supported", json!("public")),
            with("id_token_signing_alg_values_supported", json!([5, null])),
            with("userinfo_endpoint", json!("")),
            with("end_session_endpoint", json!("")),
            with("end_session_endpoint", json!(null)),
            with("token_endpoint_auth_methods_supported", json!("client_secret_basic")),
            with("authorization_response_iss_parameter_supported", json!("yes")),
        ] {
            let read = Document::read(ISSUER, &document).unwrap_or_else(|error| panic!("{error}: {document}"));
            assert!(read.end_session_endpoint.is_none() && !read.secret_in_body && !read.answers_name_issuer);
        }
    }

    #[test]
    fn an_invalid_used_member_is_named() {
        let error = |document: &Value| Document::read(ISSUER, document).err().expect("refused").to_string();
        for (member, value) in [
            ("issuer", json!(null)),
            ("authorization_endpoint", json!("")),
            ("token_endpoint", json!("token")),
            ("jwks_uri", json!(["https://id.example/jwks"])),
            ("end_session_endpoint", json!("javascript:alert(1)")),
        ] {
            assert!(error(&with(member, value.clone())).contains(member), "{member} {value}");
        }
        let slash = error(&with("issuer", json!(format!("{ISSUER}/"))));
        assert!(slash.contains(&format!("is {ISSUER}, ")) && slash.contains(&format!("issuer {ISSUER}/: ")), "{slash}");
    }

    #[test]
    fn the_document_is_below_the_issuer_with_or_without_a_slash() {
        for issuer in ["https://id.example/a", "https://id.example/a/"] {
            assert_eq!(address(issuer), "https://id.example/a/.well-known/openid-configuration");
        }
    }
}
