//! Who vouches for people: any OpenID Connect provider.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use openidconnect::url::Url;

pub const SECTION: Section = Section {
    title: "Identity",
    about: "Keys and addresses are found by discovery. The tenant is the claim `eaf_tenant`, checked against membership. What the \
            provider needs to know of the host: `docs/guides/sign-in.md`.",
    keys: &[ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET, PLAIN_HTTP],
};

const ISSUER: Key = Key {
    name: "identity.issuer",
    variable: "EAF_OIDC_ISSUER",
    default: Default::Required,
    kind: Kind::Plain,
    about: "The provider's issuer, exactly as in its tokens.",
};
const AUDIENCE: Key = Key {
    name: "identity.audience",
    variable: "EAF_OIDC_AUDIENCE",
    default: Default::Is("eaf"),
    kind: Kind::Plain,
    about: "The audience that a token must name.",
};
const CLIENT_ID: Key = Key {
    name: "identity.client_id",
    variable: "EAF_OIDC_CLIENT_ID",
    default: Default::Is("eaf"),
    kind: Kind::Plain,
    about: "The client as which the host signs people in.",
};
const CLIENT_SECRET: Key = Key {
    name: "identity.client_secret",
    variable: "EAF_OIDC_CLIENT_SECRET",
    default: Default::Required,
    kind: Kind::Secret,
    about: "The secret of that client.",
};
const PLAIN_HTTP: Key = Key {
    name: "identity.danger_allow_plain_http_issuer",
    variable: "EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER",
    default: Default::Is("false"),
    kind: Kind::Plain,
    about: "Whoever sits between host and provider can then sign in as anybody. For tests on one machine.",
};

/// Holds a secret: neither printed nor logged.
pub struct Identity {
    pub issuer: String,
    pub audience: String,
    pub client_id: String,
    pub client_secret: String,
}

pub fn read(values: &mut Values) -> Option<Identity> {
    let url = values.parse::<Url>(&ISSUER, "a URL");
    let issuer = url.as_ref().and_then(|_| values.text(&ISSUER));
    let client_secret = values.text(&CLIENT_SECRET);
    let plain_http_allowed = values.parse::<bool>(&PLAIN_HTTP, "true or false")?;
    if url?.scheme() != "https" && !plain_http_allowed {
        values.refuse(&ISSUER, "an https address, unless EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER is true");
        return None;
    }
    Some(Identity {
        issuer: issuer?,
        audience: values.text(&AUDIENCE)?,
        client_id: values.text(&CLIENT_ID)?,
        client_secret: client_secret?,
    })
}
