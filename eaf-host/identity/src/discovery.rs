//! A provider's discovery document, as far as signing in and out needs it. What is not used may be
//! missing or have any shape; the issuer must be the configured one, to the letter.

use openidconnect::url::Url;
use serde_json::Value;

/// Below the issuer.
const PLACE: &str = ".well-known/openid-configuration";

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
    /// The client's secret goes into the body of a request and not into its header.
    pub secret_in_body: bool,
    /// RFC 9207: answers to the browser name their issuer, and one that does not is somebody
    /// else's.
    pub answers_name_issuer: bool,
}

/// Where the document of this issuer is.
pub fn address(issuer: &str) -> String {
    format!("{}/{PLACE}", issuer.strip_suffix('/').unwrap_or(issuer))
}

impl Document {
    pub fn read(configured: &str, document: &Value) -> Result<Self, Error> {
        let published = document["issuer"].as_str().ok_or(Error::Missing("issuer"))?;
        if published != configured {
            let (configured, published) = (configured.into(), super::said::shown(published));
            return Err(Error::Issuer { configured, published });
        }
        let needed = |name| endpoint(document, name)?.ok_or(Error::Missing(name));
        let methods = texts(&document["token_endpoint_auth_methods_supported"]);
        Ok(Document {
            authorization_endpoint: needed("authorization_endpoint")?,
            token_endpoint: needed("token_endpoint")?,
            jwks_uri: needed("jwks_uri")?,
            end_session_endpoint: endpoint(document, "end_session_endpoint")?,
            // Basic is what every provider must offer unless it says otherwise.
            secret_in_body: methods.contains(&"client_secret_post") && !methods.contains(&"client_secret_basic"),
            answers_name_issuer: document["authorization_response_iss_parameter_supported"] == true,
        })
    }
}

/// Some write an empty text for what they do not have.
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
    fn what_is_not_used_may_be_missing_or_have_any_shape() {
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
            let read = Document::read(ISSUER, &document).unwrap_or_else(|told| panic!("{told}: {document}"));
            assert!(read.end_session_endpoint.is_none() && !read.secret_in_body && !read.answers_name_issuer);
        }
    }

    #[test]
    fn what_is_used_is_named_when_it_is_wrong() {
        let told = |document: &Value| Document::read(ISSUER, document).err().expect("refused").to_string();
        for (member, value) in [
            ("issuer", json!(null)),
            ("authorization_endpoint", json!("")),
            ("token_endpoint", json!("token")),
            ("jwks_uri", json!(["https://id.example/jwks"])),
            ("end_session_endpoint", json!("javascript:alert(1)")),
        ] {
            assert!(told(&with(member, value.clone())).contains(member), "{member} {value}");
        }
        let slash = told(&with("issuer", json!(format!("{ISSUER}/"))));
        assert!(slash.contains(&format!("is {ISSUER}, ")) && slash.contains(&format!("issuer {ISSUER}/: ")), "{slash}");
    }

    #[test]
    fn the_document_is_below_the_issuer_with_and_without_a_slash() {
        for issuer in ["https://id.example/a", "https://id.example/a/"] {
            assert_eq!(address(issuer), "https://id.example/a/.well-known/openid-configuration");
        }
    }
}
