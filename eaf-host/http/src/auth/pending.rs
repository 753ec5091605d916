//! State of a sign-in attempt until the browser returns from the provider: a cookie of that
//! browser, sealed under the platform's key. Each attempt has a cookie of its own, so that several
//! tabs can sign in at once.
//!
//! Proxies refuse cookies above 8 KiB and response headers above 4 KiB, and other applications of
//! the domain need a share. So the cookies of all attempts have a budget, and the oldest are
//! removed first.

use super::cookie;
use super::return_to::ReturnTo;
use crate::{App, Scheme};
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eaf_core::id::InvitationId;
use eaf_identity::sign_in::{Attempt, Seed};
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;
use uuid::Uuid;

/// Lifetime of a sign-in attempt.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Maximum number of concurrent attempts of one browser; a further one replaces the oldest.
const MAX_ATTEMPTS: usize = 5;
/// Maximum size of the names and values of all attempts' cookies, in bytes.
const MAX_TOTAL_BYTES: usize = 3 * 1024;
/// Additional authenticated data of a sealed attempt.
const AAD: &str = "auth.pending.2";
/// Additional authenticated data of a sealed attempt that began with the link of an invitation.
const AAD_INVITED: &str = "auth.pending.2.invited";

const NAME: &str = "eaf-sign-in-";
const NAME_DIGITS: usize = 16;

pub struct Pending {
    pub seed: Seed,
    /// Invitation whose link began the attempt; `None`: it began without such a link.
    pub invitation: Option<InvitationId>,
    return_to: String,
    /// Time of expiry, in seconds since 1970. The browser enforces the age of the cookie, the host
    /// enforces this time.
    until: i64,
}

impl Pending {
    pub fn new(app: &App, attempt: Attempt, return_to: ReturnTo, invitation: Option<InvitationId>) -> Self {
        let until = (app.core.ambient.now() + LIFETIME).unix_timestamp();
        Pending { seed: attempt.seed, invitation, return_to: return_to.as_str().into(), until }
    }

    /// Headers that set the attempt's cookie, and remove cookies of older attempts beyond
    /// [`MAX_ATTEMPTS`] or [`MAX_TOTAL_BYTES`].
    pub fn cookies(&self, app: &App, headers: &HeaderMap) -> Vec<HeaderValue> {
        let scheme = app.config.scheme();
        let (name, value) = (name(scheme, &self.seed.state()), self.seal(app));
        let mut others: Vec<(&str, usize, i64)> = cookie::all(headers)
            .filter(|(name, _)| is_pending(scheme, name))
            .map(|(name, value)| (name, size(name, value), Pending::unseal(app, value).map_or(0, |other| other.until)))
            .collect();
        others.sort_by_key(|(_, _, until)| std::cmp::Reverse(*until));
        let mut left = MAX_TOTAL_BYTES.saturating_sub(size(&name, &value));
        let kept = others.iter().take(MAX_ATTEMPTS - 1).take_while(|(_, size, _)| {
            let fits = *size <= left;
            left = left.saturating_sub(*size);
            fits
        });
        let kept = kept.count();
        let ended = others[kept..].iter().map(|(name, ..)| cookie::clear(scheme, name));
        std::iter::once(cookie::set(scheme, &name, &value, Some(LIFETIME))).chain(ended).collect()
    }

    /// Finds the attempt to which the parameter `state` of a callback belongs. `None`: the attempt
    /// was not begun in this browser, or has expired.
    pub fn open(app: &App, headers: &HeaderMap, state: &str) -> Option<Pending> {
        let pending = Pending::unseal(app, cookie::read(headers, &name(app.config.scheme(), state))?)?;
        let fits = pending.seed.state() == state && pending.until > app.core.ambient.now().unix_timestamp();
        fits.then_some(pending)
    }

    pub fn until(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.until).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    pub fn return_to(&self) -> ReturnTo {
        ReturnTo::parse(Some(&self.return_to)).unwrap_or_else(ReturnTo::home)
    }

    /// Seals expiry, seed, invitation if there is one, and return path, in this order.
    fn seal(&self, app: &App) -> String {
        let invitation = self.invitation.map_or(Vec::new(), |InvitationId(id)| id.as_bytes().to_vec());
        let aad = if self.invitation.is_some() { AAD_INVITED } else { AAD };
        let until = self.until.to_be_bytes();
        let clear = [&until[..], self.seed.bytes(), &invitation, self.return_to.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(app.core.keyring.seal_platform(aad, &clear))
    }

    fn unseal(app: &App, sealed: &str) -> Option<Pending> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let open = |aad| app.core.keyring.open_platform(aad, &sealed).ok();
        let (clear, is_invited) = match open(AAD) {
            Some(clear) => (clear, false),
            None => (open(AAD_INVITED)?, true),
        };
        let (until, rest) = clear.split_first_chunk()?;
        let (seed, mut rest) = rest.split_first_chunk()?;
        let mut invitation = None;
        if is_invited {
            let (id, return_to) = rest.split_first_chunk()?;
            (invitation, rest) = (Some(InvitationId(Uuid::from_bytes(*id))), return_to);
        }
        let return_to = String::from_utf8(rest.to_vec()).ok()?;
        Some(Pending { seed: Seed::new(*seed), invitation, return_to, until: i64::from_be_bytes(*until) })
    }
}

/// Size of a cookie in the `Cookie` header, in bytes, separators included.
fn size(name: &str, value: &str) -> usize {
    name.len() + value.len() + "=; ".len()
}

/// Header that removes the attempt's cookie; `None`: the browser does not send this cookie.
pub fn clear(app: &App, headers: &HeaderMap, state: &str) -> Option<HeaderValue> {
    let scheme = app.config.scheme();
    let name = name(scheme, state);
    cookie::read(headers, &name).map(|_| cookie::clear(scheme, &name))
}

/// Cookie name of an attempt: a hash of the state, because the state in a callback is untrusted.
fn name(scheme: Scheme, state: &str) -> String {
    let hash: String = Sha256::digest(state).iter().map(|byte| format!("{byte:02x}")).take(NAME_DIGITS / 2).collect();
    cookie::named(scheme, &format!("{NAME}{hash}"))
}

fn is_pending(scheme: Scheme, name: &str) -> bool {
    let digits = name.strip_prefix(&cookie::named(scheme, NAME));
    digits.is_some_and(|digits| digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
