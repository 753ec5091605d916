//! Way of a mail to its recipient: at once, in the recipient's next digest, or not at all.

use super::mail_store::{MailState, Preference, Status};
use super::send::{Job, settle};
use eaf_capability::Failure;
use eaf_capability::text::mails::Kind;
use serde_json::{Map, Value};
use time::OffsetDateTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    AtOnce,
    /// In the digest at this time.
    Digest(OffsetDateTime),
    /// Not at all, because the recipient turned the kind off.
    Off,
}

/// Decides the way of a mail. The package's kind limits what the recipient's preference can change:
/// a mail that the package does not name as optional is never turned off, and one with a deadline
/// waits only if the digest is before it.
pub fn way(kind: &Kind, id: &str, preference: &Preference, facts: &Map<String, Value>) -> Way {
    if is_off(kind, id, preference) {
        return Way::Off;
    }
    match preference.next_digest {
        Some(at) if kind.may_wait_until(at, facts) => Way::Digest(at),
        _ => Way::AtOnce,
    }
}

/// Whether the recipient turned off mails of a kind, and the package permits that.
pub fn is_off(kind: &Kind, id: &str, preference: &Preference) -> bool {
    kind.optional && preference.off.iter().any(|off| off == id)
}

/// Id of a kind of mails in a preference, such as `dcm/request-settled`.
pub fn kind_id(plugin: &str, template: &str) -> String {
    format!("{plugin}/{template}")
}

/// Applies the recipient's preference to a new mail: collects it, or settles it as turned off. A
/// mail that was tried before keeps its way.
pub async fn apply(job: &Job<'_>, state: MailState) -> Result<MailState, Failure> {
    let (mail, template) = (job.mail, &job.arguments.template);
    let kind = job.templates.kind(template);
    if state.status != Status::Pending(None) || state.attempts > 0 || kind == Kind::default() {
        return Ok(state);
    }
    loop {
        let preference = mail.store.preference(state.entry.tenant, state.entry.mail.recipient).await?;
        match way(&kind, &kind_id(&job.call.plugin, template), &preference, &job.arguments.facts) {
            Way::AtOnce => return Ok(state),
            // The person changed the preference meanwhile: decide again.
            Way::Digest(at) if !mail.store.collect(&state.entry, at, preference.tag.as_deref()).await? => continue,
            Way::Digest(_) => {
                tracing::info!(message_id = state.entry.mail.message_id, template, "a mail waits for a digest");
            }
            Way::Off => settle(mail, &state, &Status::TurnedOff, None).await?,
        }
        return mail.store.record(&state.entry).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const ID: &str = "dcm/request-settled";

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(second).unwrap()
    }

    /// Every combination of what a package declares, what a person chose and a deadline.
    fn cases() -> impl Iterator<Item = (Kind, Preference, Option<i64>)> {
        let each = [false, true];
        let kinds = each.into_iter().flat_map(move |collect| {
            let deadlines = [None, Some("due".to_owned())];
            deadlines.into_iter().flat_map(move |deadline| {
                each.into_iter().map(move |optional| Kind { collect, deadline: deadline.clone(), optional })
            })
        });
        kinds.flat_map(move |kind| {
            [None, Some(at(1_000))].into_iter().flat_map(move |next_digest| {
                let kind = kind.clone();
                [vec![], vec!["dcm/other".to_owned()], vec![ID.to_owned()]].into_iter().flat_map(move |off| {
                    let (kind, preference) = (kind.clone(), Preference { off, next_digest, tag: None });
                    [None, Some(999), Some(1_000), Some(1_001)]
                        .into_iter()
                        .map(move |due| (kind.clone(), preference.clone(), due))
                })
            })
        })
    }

    fn decided(kind: &Kind, preference: &Preference, due: Option<i64>) -> Way {
        let facts = json!({ "due": due.map(|second| second * 1_000) });
        way(kind, ID, preference, facts.as_object().unwrap())
    }

    #[test]
    fn a_preference_changes_only_what_the_package_permits() {
        let mut ways = [0; 3];
        for (kind, preference, due) in cases() {
            let way = decided(&kind, &preference, due);
            let what = format!("{kind:?} {preference:?} {due:?}");
            let is_late = kind.deadline.is_some() && due.is_some_and(|due| due <= 1_000);
            match way {
                Way::Off => assert!(kind.optional && preference.off.contains(&ID.to_owned()), "{what}"),
                Way::Digest(time) => {
                    assert!(kind.collect && preference.next_digest == Some(time) && !is_late, "{what}");
                }
                Way::AtOnce => assert!(!kind.collect || preference.next_digest.is_none() || is_late, "{what}"),
            }
            ways[match way {
                Way::AtOnce => 0,
                Way::Digest(_) => 1,
                Way::Off => 2,
            }] += 1;
        }
        assert!(ways.iter().all(|count| *count > 0), "{ways:?}");
    }

    #[test]
    fn nothing_changes_for_a_person_who_set_nothing_and_for_a_mail_of_no_kind() {
        for (kind, preference, due) in cases() {
            assert_eq!(decided(&kind, &Preference::default(), due), Way::AtOnce, "{kind:?}");
            assert_eq!(decided(&Kind::default(), &preference, due), Way::AtOnce, "{preference:?}");
        }
    }
}
