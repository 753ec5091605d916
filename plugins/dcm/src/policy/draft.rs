//! Saving and discarding of a policy's draft. A draft has no effect on requests.

use super::document::{Names, Policy};
use super::event::{PolicyDraftClosed, PolicyDrafted};
use super::state::{Draft, Drafts, stream};
use crate::input::Node;
use crate::offering::{PATTERN, is_key};
use crate::permission::POLICY;
use eaf_sdk::{Accepted, Boundary, Command, Context, FieldError, Fields, Personal, Rejection, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Maximum number of members of a document, unknown members included. The host refuses more.
const MEMBERS_MAX: usize = 16;

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DraftPolicy {
    /// Key of the policy: lower-case letters, digits and hyphens, a letter first.
    #[schemars(regex(pattern = PATTERN), extend("x-eaf-own-words" = true))]
    pub policy: String,
    /// Name of the policy in German, 1 to 80 characters.
    #[schemars(length(min = 1, max = 80), extend("x-eaf-own-words" = true))]
    pub name_de: String,
    /// Name of the policy in English, 1 to 80 characters.
    #[schemars(length(min = 1, max = 80), extend("x-eaf-own-words" = true))]
    pub name_en: String,
    /// Policy document, as `docs/guides/policies.md` describes it; at most 16 KiB.
    #[schemars(extend("maxProperties" = MEMBERS_MAX))]
    pub document: Map<String, Value>,
    /// Revision that the view shows for the policy; 0 if the view does not have the policy.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: i64,
}

impl Command for DraftPolicy {
    const NAME: &'static str = "draft-policy";
    const PERMISSION: Option<&'static str> = Some(POLICY);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        guarded(&self.policy)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let document = self.check()?;
        let drafts = streams.fold::<Drafts>(&stream(&self.policy)).unwrap_or_default();
        is_latest(&drafts, self.revision)?;
        let name = Names { de: self.name_de.trim().into(), en: self.name_en.trim().into() };
        let draft = Draft { name, document };
        if drafts.open.as_ref() == Some(&draft) {
            return Ok(Accepted::nothing().subject("policies", self.policy));
        }
        let drafted = PolicyDrafted {
            policy: self.policy.clone(),
            name: draft.name,
            document: draft.document,
            revision: drafts.revision + 1,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
        };
        Ok(Accepted::nothing().event(stream(&self.policy), drafted).subject("policies", self.policy))
    }
}

impl DraftPolicy {
    /// Reads the policy document, and rejects the body with all of its errors at once.
    fn check(&self) -> Result<Policy, Rejection> {
        let mut fields = Fields::default();
        if !is_key(&self.policy) {
            fields.push(FieldError::new("/policy", "key-format"));
        }
        fields.length("/name_de", "policy-name", self.name_de.trim(), 1..=80);
        fields.length("/name_en", "policy-name", self.name_en.trim(), 1..=80);
        let document = Value::Object(self.document.clone());
        let policy = Policy::read_into(&Node::new("/document", &document), &mut fields);
        fields.into_result("invalid-policy")?;
        policy.ok_or_else(|| Rejection::invalid("invalid-policy"))
    }
}

#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub struct DiscardDraft {
    /// Key of the policy.
    #[schemars(regex(pattern = PATTERN), extend("x-eaf-own-words" = true))]
    pub policy: String,
    /// Revision of the draft that the caller has read.
    #[schemars(range(min = 0, max = 1_000_000), extend("x-eaf-own-words" = true))]
    pub revision: i64,
}

impl Command for DiscardDraft {
    const NAME: &'static str = "discard-draft";
    const PERMISSION: Option<&'static str> = Some(POLICY);

    fn boundary(&self, _: &Context, _: &Streams) -> Boundary {
        guarded(&self.policy)
    }

    fn decide(self, ctx: &Context, streams: &Streams) -> Result<Accepted, Rejection> {
        let drafts = streams.fold::<Drafts>(&stream(&self.policy)).unwrap_or_default();
        is_open(drafts.open.is_some())?;
        is_latest(&drafts, self.revision)?;
        let closed = PolicyDraftClosed {
            policy: self.policy.clone(),
            revision: drafts.revision,
            version: None,
            by_id: ctx.actor.id.clone(),
            by_name: Personal::new(&ctx.actor.name),
        };
        Ok(Accepted::nothing().event(stream(&self.policy), closed).subject("policies", self.policy))
    }
}

/// Boundary of a command on the draft of a policy: the policy's stream. Empty if the key is
/// invalid.
fn guarded(policy: &str) -> Boundary {
    if is_key(policy) { Boundary::none().guard(stream(policy)) } else { Boundary::none() }
}

/// Checks that a policy has a draft.
pub fn is_open(has_draft: bool) -> Result<(), Rejection> {
    if has_draft { Ok(()) } else { Err(draft_missing()) }
}

pub(super) fn draft_missing() -> Rejection {
    Rejection::conflict("draft-missing").at("/policy")
}

/// Checks that the caller has read the latest draft, so that the draft of another admin is not
/// lost.
pub fn is_latest(drafts: &Drafts, revision: i64) -> Result<(), Rejection> {
    if i64::from(drafts.shown()) == revision {
        return Ok(());
    }
    Err(Rejection::conflict("draft-changed").param("revision", drafts.shown()).param("expected", revision))
}
