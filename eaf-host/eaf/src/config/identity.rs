//! Who vouches for people: any OpenID Connect provider.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use openidconnect::url::Url;

pub const SECTION: Section = Section {
    title: "Identity",
    about: "Keys and addresses are found by discovery. The tenant is checked against membership. A claim is named by its \
            whole name, or by a JSON pointer (`/realm/tenant`) where it is inside another one. What the provider needs to \
            know of the host: `docs/guides/sign-in.md`.",
    keys: &[ISSUER, AUDIENCE, CLIENT_ID, CLIENT_SECRET, TENANT_CLAIM, SUBJECT_CLAIM, HINT, PLAIN_HTTP],
};

const ISSUER: Key = Key {
    name: "identity.issuer",
    variable: "EAF_OIDC_ISSUER",
    default: Default::Required,
    kind: Kind::Plain,
    about: "The provider's issuer, to the letter as in its discovery document and its tokens; also a slash at the end counts.",
};
const AUDIENCE: Key = Key {
    name: "identity.audience",
    variable: "EAF_OIDC_AUDIENCE",
    default: Default::Is("eaf"),
    kind: Kind::Plain,
    about: "The audience that an access token must name. Another name than the client's keeps ID tokens apart from it.",
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
            It must never change and never be given to somebody else: names and mail addresses are refused. Whoever \
            was added before is found only by the claim of that time.",
};
const HINT: Key = Key {
    name: "identity.sign_out_hint",
    variable: "EAF_OIDC_SIGN_OUT_HINT",
    default: Default::Is("true"),
    kind: Kind::Plain,
    about: "Keep the ID token, sealed, and post it to the provider at sign-out: some demand it, others ask the person once \
            more without it. false: for a provider that takes no POST there.",
};
const PLAIN_HTTP: Key = Key {
    name: "identity.danger_allow_plain_http_issuer",
    variable: "EAF_DANGER_ALLOW_PLAIN_HTTP_ISSUER",
    default: Default::Is("false"),
    kind: Kind::Plain,
    about: "Whoever sits between host and provider can then sign in as anybody. For tests on one machine.",
};

pub const TENANT: &str = "eaf_tenant";
pub const SUBJECT: &str = "sub";

/// What people may change, or what is given to somebody else after them: whoever gets it would be them.
const NO_SUBJECTS: [&str; 11] = [
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

/// Holds a secret: neither printed nor logged.
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
    if last.is_some_and(|last| NO_SUBJECTS.contains(&last)) {
        values.refuse(&SUBJECT_CLAIM, "a claim that never changes and is never given to somebody else");
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

/// A name, or a JSON pointer to the claim.
fn claim(values: &mut Values, key: &'static Key) -> Option<String> {
    let claim = values.text(key)?;
    if claim.is_empty() || claim.len() > 200 || !claim.bytes().all(|byte| byte.is_ascii_graphic()) {
        values.refuse(key, "the name of a claim, or a JSON pointer to it");
        return None;
    }
    Some(claim)
}
