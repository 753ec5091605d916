//! Settings of the identity provider, which may be any OpenID Connect provider.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use openidconnect::url::Url;

pub const SECTION: Section = Section {
    title: "Identity",
    about: "Keys and addresses are found by discovery. The tenant is checked against membership. A claim is given by its \
            full name, or by a JSON pointer (`/realm/tenant`) within another one. The configuration of the provider: \
            `docs/guides/sign-in.md`.",
    keys: &[ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET, TENANT_CLAIM, SUBJECT_CLAIM, HINT, PLAIN_HTTP],
};

const ISSUER: Key = Key {
    name: "identity.issuer",
    variable: "EAF_OIDC_ISSUER",
    default: Default::Required,
    kind: Kind::Plain,
    about: "The provider's issuer, exactly as in its discovery document and its tokens; a slash at the end matters.",
};
const AUDIENCE: Key = Key {
    name: "identity.audience",
    variable: "EAF_OIDC_AUDIENCE",
    default: Default::Is("eaf"),
    kind: Kind::Plain,
    about: "The audience of access tokens. A name other than the client's distinguishes them from ID tokens.",
};
const CLIENT_ID: Key = Key {
    name: "identity.client_id",
    variable: "EAF_OIDC_CLIENT_ID",
    default: Default::Is("eaf"),
    kind: Kind::Plain,
    about: "The client id of the host at the provider.",
};
const CLIENT_SECRET: Key = Key {
    name: "identity.client_secret",
    variable: "EAF_OIDC_CLIENT_SECRET",
    default: Default::Required,
    kind: Kind::Secret,
    about: "The secret of that client.",
};
const TENANT_CLAIM: Key = Key {
    name: "identity.tenant_claim",
    variable: "EAF_OIDC_TENANT_CLAIM",
    default: Default::Is(TENANT),
    kind: Kind::Plain,
    about: "The claim that holds the slug of a person's tenant: a text, a whole number, or a list with one of them.",
};
const SUBJECT_CLAIM: Key = Key {
    name: "identity.subject_claim",
    variable: "EAF_OIDC_SUBJECT_CLAIM",
    default: Default::Is(SUBJECT),
    kind: Kind::Plain,
    about: "The claim that identifies a person, such as `oid` of Entra ID, where `sub` differs from client to client. \
            Its value must never change or be reassigned: names and mail addresses are refused. People who \
            were added under another claim are not found.",
};
const HINT: Key = Key {
    name: "identity.sign_out_hint",
    variable: "EAF_OIDC_SIGN_OUT_HINT",
    default: Default::Is("true"),
    kind: Kind::Plain,
    about: "Keep the ID token, sealed, and post it to the provider at sign-out: some require it, others ask the \
            person to confirm without it. false: for a provider that accepts no POST there.",
};
const PLAIN_HTTP: Key = Key {
    name: "identity.danger_allow_plain_http_issuer",
    variable: "EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER",
    default: Default::Is("false"),
    kind: Kind::Plain,
    about: "`true` lets an attacker between host and provider sign in as any person. Only for tests on one machine.",
};

pub const TENANT: &str = "eaf_tenant";
pub const SUBJECT: &str = "sub";

/// Names of claims whose values people can change, or providers reassign to other people. A host
/// that identified people by such a claim would take the next holder of a value for the same
/// person.
const UNSTABLE_CLAIMS: [&str; 11] = [
    "email",
    "mail",
    "name",
    "nickname",
    "given_name",
    "family_name",
    "preferred_username",
    "upn",
    "unique_name",
    "username",
    "phone_number",
];

/// Identity settings. The client secret must not be logged.
pub struct Identity {
    pub issuer: String,
    pub audience: String,
    pub client_id: String,
    pub client_secret: String,
    pub tenant_claim: String,
    pub subject_claim: String,
    pub sign_out_hint: bool,
}

pub fn read(values: &mut Values) -> Option<Identity> {
    let url = values.parse::<Url>(&ISSUER, "a URL");
    let issuer = url.as_ref().and_then(|_| values.text(&ISSUER));
    let client_secret = values.text(&CLIENT_SECRET);
    let tenant_claim = claim(values, &TENANT_CLAIM);
    let subject_claim = claim(values, &SUBJECT_CLAIM);
    let last = subject_claim.as_ref().and_then(|claim| claim.rsplit('/').next());
    if last.is_some_and(|last| UNSTABLE_CLAIMS.contains(&last)) {
        values.refuse(&SUBJECT_CLAIM, "a claim that never changes and is never reassigned");
    }
    let sign_out_hint = values.parse::<bool>(&HINT, "true or false");
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
        tenant_claim: tenant_claim?,
        subject_claim: subject_claim?,
        sign_out_hint: sign_out_hint?,
    })
}

/// Reads a setting that is the name of a claim, or a JSON pointer to a nested claim. `None`: the
/// setting is invalid, which is added to the problems.
fn claim(values: &mut Values, key: &'static Key) -> Option<String> {
    let claim = values.text(key)?;
    if claim.is_empty() || claim.len() > 200 || !claim.bytes().all(|byte| byte.is_ascii_graphic()) {
        values.refuse(key, "the name of a claim, or a JSON pointer to it");
        return None;
    }
    Some(claim)
}
