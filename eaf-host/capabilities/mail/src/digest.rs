//! Digest: the mails that a person's preference has collected, as one mail a day.
//!
//! Each mail's recipients and condition are looked at again when the digest is made. A mail that no
//! longer fits is settled as skipped; without any mail, no digest is sent.

use super::Mail;
use super::collect::{is_off, kind_id};
use super::condition::Condition;
use super::delivery::Route;
use super::digest_delivery::DigestDelivery;
use super::digest_queue::{CallNow, DigestQueue};
use super::failure_code::Code;
use super::mail_store::{Person, Status};
use super::pg_mail_store::mail_state;
use super::schedule::RETRY_TIME;
use super::send::{NAMESPACE, arguments, message_id, recipients, route, settle};
use eaf_capability::text::mails::HostFacts;
use eaf_capability::text::mails::digest::{Brief, Group};
use eaf_capability::{Call, Failure};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::mail_log::LoggedMail;
use eaf_core::mail_log::digest::{Begun, DigestLease, Due};
use std::time::Duration;
use uuid::Uuid;

/// Time-out for sending a digest. The lease is longer, so that no other host sends it meanwhile.
const SEND_TIMEOUT: Duration = Duration::from_secs(18 * 60);
const LEASE_TIME: Duration = Duration::from_secs(20 * 60);
/// Pause before the next attempt after a failure of the host's own store or of a view.
const STORE_PAUSE: Duration = Duration::from_secs(60);

/// Sends the digest that has been due for the longest time. Returns false if none was due.
pub async fn send_due(mail: &Mail) -> bool {
    let Some(queue) = &mail.digests else { return false };
    let lease = match queue.claim(LEASE_TIME).await {
        Ok(Some(lease)) => lease,
        Ok(None) => return false,
        // The cause is logged where it came up.
        Err(_) => return false,
    };
    let sent = tokio::time::timeout(SEND_TIMEOUT, send(mail, queue, &lease)).await;
    let code = match sent {
        Ok(Ok(())) => return true,
        Ok(Err(failure)) => failure.code,
        Err(_) => Code::AnswerLost.as_str().into(),
    };
    tracing::warn!(tenant = %lease.tenant, person = %lease.person, code, "a digest waits");
    if queue.postpone(&lease, mail.store.now() + STORE_PAUSE).await.is_err() {
        tracing::warn!(tenant = %lease.tenant, "the lease of a digest could not be ended; it expires");
    }
    true
}

async fn send(mail: &Mail, queue: &DigestQueue, lease: &DigestLease) -> Result<(), Failure> {
    let Some(due) = queue.due(lease).await? else { return Ok(()) };
    let person = queue.member(lease.tenant, lease.person).await?;
    let mut items = items(mail, queue, lease, &due, person.as_ref()).await?;
    let (Some(person), Some(first)) = (person, items.first()) else { return queue.finish(lease).await };
    let route = route(&first.call);
    if due.begun.is_none() {
        // Mails over other connections come in a digest of their own, which is due next.
        items.retain(|item| item.call.granted.connection.name() == route.connection);
    }
    let begun = match due.begun {
        Some(begun) => begun,
        None => {
            let at = mail.store.now();
            let begun = Begun { message_id: message_id(digest_id(&items[0]), &mail.public_url), at };
            let mails: Vec<&str> = items.iter().map(|item| item.logged.mail.message_id.as_str()).collect();
            if !queue.begin(lease, &begun, &mails).await? {
                return Ok(());
            }
            begun
        }
    };
    deliver(mail, queue, lease, Digest { begun, route, person, items }).await
}

/// Digest whose first attempt is recorded.
struct Digest {
    begun: Begun,
    route: Route,
    person: Person,
    items: Vec<Item>,
}

async fn deliver(mail: &Mail, queue: &DigestQueue, lease: &DigestLease, digest: Digest) -> Result<(), Failure> {
    let Digest { begun, route, person, items } = digest;
    let Some(first) = items.first() else { return queue.finish(lease).await };
    let mut state = mail_state(lease.tenant, first.logged.clone());
    state.written_at = begun.at;
    let groups = groups(&items);
    let delivery = DigestDelivery {
        mail,
        queue,
        lease,
        route,
        person: &person,
        groups: &groups,
        message_id: &begun.message_id,
        trace: &first.call.trace.0,
        state: &state,
    };
    match delivery.run().await? {
        Some(pause) => queue.postpone(lease, mail.store.now() + pause).await,
        None => queue.finish(lease).await,
    }
}

/// Mail of a digest, with the call that collected it.
struct Item {
    logged: LoggedMail,
    call: Call,
    /// Name of the mail's kind for people, by which the digest groups its mails.
    kind: String,
    brief: Brief,
}

/// Mails that still fit. The others are settled.
async fn items(
    mail: &Mail,
    queue: &DigestQueue,
    lease: &DigestLease,
    due: &Due,
    person: Option<&Person>,
) -> Result<Vec<Item>, Failure> {
    let tenant_name = mail.store.tenant_name(lease.tenant).await?;
    let mut items = Vec::new();
    for logged in &due.mails {
        let found = match person {
            Some(person) => item(mail, queue, logged, lease.tenant, (person, &tenant_name)).await?,
            None => Err(Status::Skipped),
        };
        match found {
            Ok(item) => items.push(item),
            Err(status) => {
                let status = if logged.unanswered > 0 { Status::Unknown } else { status };
                settle(mail, &mail_state(lease.tenant, logged.clone()), &status, None).await?;
            }
        }
    }
    Ok(items)
}

/// Mail as part of the digest. The inner `Err` is the status of a mail that does not fit any more;
/// the outer one is a failure after which the digest waits.
async fn item(
    mail: &Mail,
    queue: &DigestQueue,
    logged: &LoggedMail,
    tenant: TenantId,
    (person, tenant_name): (&Person, &str),
) -> Result<Result<Item, Status>, Failure> {
    let failed = |code: &str| Ok(Err(Status::Failed(code.into())));
    let is_old = logged.collected_for.is_some_and(|at| mail.store.now() - at >= RETRY_TIME);
    let call = match queue.call_of(tenant, logged).await {
        Ok(CallNow::Permitted(call)) => *call,
        Ok(CallNow::Ended(status)) => return Ok(Err(status)),
        // A call that cannot be read for days must not keep the person's other mails.
        Err(failure) if is_old => return failed(&failure.code),
        Err(failure) => return Err(failure),
    };
    let Some(templates) = mail.packages.mails(&call.plugin) else { return failed(Code::PluginMissing.as_str()) };
    let Ok(arguments) = arguments(&call) else { return failed(Code::ArgumentsInvalid.as_str()) };
    let template = arguments.template.clone();
    let kind = kind_id(&call.plugin, &template);
    let preference = mail.store.preference(tenant, person.actor).await?;
    if is_off(&templates.kind(&template), &kind, &preference) {
        return Ok(Err(Status::TurnedOff));
    }
    match fits(mail, &call, person.actor).await {
        Ok(true) => {}
        Ok(false) => return Ok(Err(Status::Skipped)),
        Err(failure) if !failure.class.is_retryable() => return failed(&failure.code),
        // A condition that cannot be read for days counts as holding, as for other mails.
        Err(failure) if !is_old => return Err(failure),
        Err(failure) => tracing::warn!(code = failure.code, "whether a mail of a digest still fits is not known"),
    }
    let host = HostFacts {
        recipient_name: &person.name,
        tenant_name,
        trace_id: &call.trace.0,
        public_url: &mail.public_url,
        reply_to: None,
    };
    match templates.brief(&template, person.locale, &arguments.facts, &host) {
        Ok(brief) => {
            let kind = templates.kind_name(&template, person.locale);
            Ok(Ok(Item { logged: logged.clone(), call, kind, brief }))
        }
        Err(error) => failed(&format!("{} ({error})", Code::TemplateFailed.as_str())),
    }
}

/// Whether a mail is still for the person, and its condition holds.
async fn fits(mail: &Mail, call: &Call, person: ActorId) -> Result<bool, Failure> {
    let mut arguments = arguments(call)?;
    if !recipients(mail, call, &arguments).await?.iter().any(|recipient| recipient.actor == person) {
        return Ok(false);
    }
    match arguments.condition.take() {
        Some(document) => Condition::read(document, &*mail.packages, call)?.holds(&*mail.store, call).await,
        None => Ok(true),
    }
}

/// Mails by kind, in the order of each kind's first mail.
fn groups(items: &[Item]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for item in items {
        match groups.iter_mut().find(|group| group.name == item.kind) {
            Some(group) => group.mails.push(item.brief.clone()),
            None => groups.push(Group { name: item.kind.clone(), mails: vec![item.brief.clone()] }),
        }
    }
    groups
}

/// UUID of a digest, computed from the first of its mails, which is in no other digest.
fn digest_id(first: &Item) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("digest {}", first.logged.mail.message_id).as_bytes())
}
