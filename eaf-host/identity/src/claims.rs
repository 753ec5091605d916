//! Claims that the host reads; a token may contain any others, in any shape.
//!
//! Providers write numbers as texts and single values as lists. Where the meaning is the same, both
//! are accepted.

use super::Error;
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// Maximum length of the claim `sub` in OpenID Connect, in ASCII characters.
const MAX_SUBJECT: usize = 255;
const LAST_SECOND: f64 = 253_402_300_799.0;

/// Name of a claim, or a JSON pointer to a nested one (`/realm/tenant`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimName(String);

impl ClaimName {
    pub fn new(text: impl Into<String>) -> Self {
        ClaimName(text.into())
    }

    fn as_str(&self) -> &str {
        &self.0
    }

    fn find<'a>(&self, claims: &'a Value) -> Option<&'a Value> {
        let found = if self.0.starts_with('/') { claims.pointer(&self.0) } else { claims.get(&self.0) };
        found.filter(|value| !value.is_null())
    }
}

/// Person as an ID token describes them. Personal data, so the type has no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Profile {
    /// Display name; empty: the token has none.
    pub name: String,
    /// Mail address; empty: the token has none.
    pub email: String,
    /// True if the provider has verified that the person owns the mail address.
    pub is_verified: bool,
}

/// Claims of a token. They are personal data, so the type has no `Debug`.
pub struct Claims(Value);

impl Claims {
    pub fn new(claims: Map<String, Value>) -> Self {
        Claims(Value::Object(claims))
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|value| !value.is_null())
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Reads the claims about the person in an ID token. Some providers write `email_verified` as a
    /// text.
    pub fn profile(&self) -> Profile {
        let is_verified = match self.0.get("email_verified") {
            Some(Value::Bool(is_verified)) => *is_verified,
            Some(Value::String(text)) => text == "true",
            _ => false,
        };
        let text = |name: &str| self.text(name).unwrap_or_default().to_owned();
        Profile { name: text("name"), email: text("email"), is_verified }
    }

    /// Reads a claim that is a time in seconds since 1970, written as a number or a text. `None`:
    /// the token lacks the claim.
    pub fn time(&self, name: &'static str) -> Result<Option<OffsetDateTime>, Error> {
        let wrong = || Error::Claim { claim: name.into(), problem: "is not a number of seconds" };
        let seconds = match self.0.get(name) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => text.parse::<f64>().map_err(|_| wrong())?,
            Some(value) => value.as_f64().ok_or_else(wrong)?,
        };
        if !seconds.is_finite() || seconds < 0.0 {
            return Err(wrong());
        }
        OffsetDateTime::from_unix_timestamp(seconds.min(LAST_SECOND) as i64).map(Some).map_err(|_| wrong())
    }

    pub fn audiences(&self) -> Vec<&str> {
        match self.0.get("aud") {
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// Reads the person's id at the provider, from the claim that the settings name for it.
    pub fn subject(&self, claim: &ClaimName) -> Result<String, Error> {
        let problem = |problem| Error::Claim { claim: claim.as_str().into(), problem };
        let value = claim.find(&self.0).ok_or_else(|| problem("is missing"))?;
        let subject = scalar(value).ok_or_else(|| problem("is not a text"))?;
        if subject.is_empty() || subject.len() > MAX_SUBJECT {
            return Err(problem("is empty or longer than 255 characters"));
        }
        Ok(subject)
    }

    /// Reads the slug of the tenant, from the claim that the settings name for it. A list with one
    /// value means that value; an absent claim, an empty text and an empty list mean no tenant.
    pub fn tenant(&self, claim: &ClaimName) -> Result<Option<String>, Error> {
        let problem = |problem| Error::Claim { claim: claim.as_str().into(), problem };
        let value = match claim.find(&self.0) {
            Some(Value::Array(values)) if values.len() > 1 => return Err(problem("names several tenants")),
            Some(Value::Array(values)) => values.first(),
            value => value,
        };
        let Some(value) = value else { return Ok(None) };
        let slug = scalar(value).ok_or_else(|| problem("is neither a text nor a list with one"))?;
        Ok(Some(slug).filter(|slug| !slug.is_empty()))
    }
}

/// Text of a claim's value that is a text or a whole number; `None` for other values.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if !number.is_f64() => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn claims(value: Value) -> Claims {
        Claims(value)
    }

    fn name(text: &str) -> ClaimName {
        ClaimName::new(text)
    }

    #[test]
    fn a_tenant_may_be_a_list_of_one_or_a_number() {
        let tenant = |value: Value| claims(json!({ "eaf_tenant": value })).tenant(&name("eaf_tenant"));
        for (value, expected) in [
            (json!("acme"), Some("acme")),
            (json!(["acme"]), Some("acme")),
            (json!(4711), Some("4711")),
            (json!([4711]), Some("4711")),
            (json!(""), None),
            (json!([]), None),
            (json!(null), None),
        ] {
            assert_eq!(tenant(value.clone()).expect("readable").as_deref(), expected, "{value}");
        }
        for wrong in [json!(["acme", "globex"]), json!({ "slug": "acme" }), json!(true), json!(4.5), json!([["acme"]])]
        {
            assert!(matches!(tenant(wrong.clone()), Err(Error::Claim { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_claim_is_found_by_its_whole_name_or_by_a_pointer() {
        let claims = claims(json!({ "https://eaf.example/tenant": "acme", "realm": { "tenant": ["globex"] } }));
        assert_eq!(claims.tenant(&name("https://eaf.example/tenant")).unwrap().as_deref(), Some("acme"));
        assert_eq!(claims.tenant(&name("/realm/tenant")).unwrap().as_deref(), Some("globex"));
        assert_eq!(claims.tenant(&name("realm/tenant")).unwrap(), None);
    }

    #[test]
    fn a_time_may_be_a_text_and_a_subject_a_number() {
        for value in [json!(1_700_000_000), json!("1700000000"), json!(1_700_000_000.75)] {
            let time = claims(json!({ "exp": value })).time("exp").expect("readable").expect("there");
            assert_eq!(time.unix_timestamp(), 1_700_000_000);
        }
        assert!(claims(json!({ "exp": 1e300 })).time("exp").expect("readable").is_some());
        for wrong in [json!("soon"), json!("NaN"), json!(-1), json!([1]), json!("2026-11-29T00:00:00Z")] {
            assert!(claims(json!({ "exp": wrong })).time("exp").is_err(), "{wrong}");
        }
        assert_eq!(claims(json!({ "sub": 17 })).subject(&name("sub")).unwrap(), "17");
        for wrong in [json!(""), json!(null), json!(["a"]), json!("a".repeat(256))] {
            assert!(claims(json!({ "sub": wrong })).subject(&name("sub")).is_err(), "{wrong}");
        }
    }
    #[test]
    fn a_mail_address_is_verified_only_if_the_provider_says_so() {
        for (value, is_verified) in [
            (json!(true), true),
            (json!("true"), true),
            (json!(false), false),
            (json!("false"), false),
            (json!("yes"), false),
            (json!(1), false),
            (json!(null), false),
        ] {
            let profile = claims(json!({ "email": "a@b.example", "email_verified": value })).profile();
            assert_eq!((profile.email.as_str(), profile.is_verified), ("a@b.example", is_verified), "{value}");
        }
        let strange = claims(json!({ "email": ["a@b.example"], "name": 7 })).profile();
        assert_eq!((strange.email, strange.name, strange.is_verified), (String::new(), String::new(), false));
    }
}
