//! What the host must remember of a sign-in until the browser comes back: in a cookie of that browser, sealed under the
//! platform's key, so that nobody reads or makes one. One cookie for each attempt: several tabs may sign in at once.
//!
//! Proxies refuse requests whose cookies are larger than 8 KiB, and answers whose headers are larger than 4 KiB; other
//! applications of the domain need their share. So a cookie is small, and all together have a budget: the oldest go first.

use super::cookie;
use super::return_to::ReturnTo;
use crate::App;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use eaf_identity::sign_in::{Attempt, Seed};
use sha2::{Digest, Sha256};
use std::time::Duration;
use time::OffsetDateTime;

/// A person finds their password in this time.
const LIVES: Duration = Duration::from_secs(10 * 60);
/// Who has more tabs waiting begins anew in the oldest.
const MOST: usize = 5;
/// Names and values of all of them, in bytes.
const BUDGET: usize = 3 * 1024;
/// Where the value stands; it opens only there.
const PLACE: &str = "auth.pending.2";

const NAME: &str = "eaf-sign-in-";
const NAME_DIGITS: usize = 16;

pub struct Pending {
    pub seed: Seed,
    return_to: String,
    /// Seconds since 1970. The cookie's age is in the browser's hands, this is not.
    until: i64,
}

impl Pending {
    pub fn new(app: &App, attempt: Attempt, return_to: ReturnTo) -> Self {
        let until = (app.core.world.now() + LIVES).unix_timestamp();
        Pending { seed: attempt.seed, return_to: return_to.as_str().into(), until }
    }

    /// The cookies to set: this one, and an end to those for which there is no room.
    pub fn cookies(&self, app: &App, headers: &HeaderMap) -> Vec<HeaderValue> {
        let https = app.config.https();
        let (name, value) = (name(https, &self.seed.state()), self.seal(app));
        let mut others: Vec<(&str, usize, i64)> = cookie::all(headers)
            .filter(|(name, _)| is_pending(https, name))
            .map(|(name, value)| (name, size(name, value), Pending::unseal(app, value).map_or(0, |known| known.until)))
            .collect();
        others.sort_by_key(|(_, _, until)| std::cmp::Reverse(*until));
        let mut left = BUDGET.saturating_sub(size(&name, &value));
        let kept = others.iter().take(MOST - 1).take_while(|(_, size, _)| {
            let fits = *size <= left;
            left = left.saturating_sub(*size);
            fits
        });
        let kept = kept.count();
        let ended = others[kept..].iter().map(|(name, ..)| cookie::clear(https, name));
        std::iter::once(cookie::set(https, &name, &value, Some(LIVES))).chain(ended).collect()
    }

    /// The attempt of this state, if it was begun in this browser not long ago.
    pub fn open(app: &App, headers: &HeaderMap, state: &str) -> Option<Pending> {
        let pending = Pending::unseal(app, cookie::read(headers, &name(app.config.https(), state))?)?;
        let fits = pending.seed.state() == state && pending.until > app.core.world.now().unix_timestamp();
        fits.then_some(pending)
    }

    pub fn until(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.until).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    pub fn return_to(&self) -> ReturnTo {
        ReturnTo::parse(Some(&self.return_to)).unwrap_or_else(ReturnTo::home)
    }

    /// Until when, the seed, and the rest is the aim.
    fn seal(&self, app: &App) -> String {
        let clear = [&self.until.to_be_bytes()[..], self.seed.bytes(), self.return_to.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(app.core.keyring.seal_platform(PLACE, &clear))
    }

    fn unseal(app: &App, sealed: &str) -> Option<Pending> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let clear = app.core.keyring.open_platform(PLACE, &sealed).ok()?;
        let (until, rest) = clear.split_first_chunk()?;
        let (seed, return_to) = rest.split_first_chunk()?;
        let return_to = String::from_utf8(return_to.to_vec()).ok()?;
        Some(Pending { seed: Seed::new(*seed), return_to, until: i64::from_be_bytes(*until) })
    }
}

/// In a Cookie line, with what separates it.
fn size(name: &str, value: &str) -> usize {
    name.len() + value.len() + "=; ".len()
}

/// An end to the cookie of this state, if the browser has it.
pub fn forget(app: &App, headers: &HeaderMap, state: &str) -> Option<HeaderValue> {
    let https = app.config.https();
    let name = name(https, state);
    cookie::read(headers, &name).map(|_| cookie::clear(https, &name))
}

/// By the state's hash, because the state comes from outside.
fn name(https: bool, state: &str) -> String {
    let hash: String = Sha256::digest(state).iter().map(|byte| format!("{byte:02x}")).take(NAME_DIGITS / 2).collect();
    cookie::named(https, &format!("{NAME}{hash}"))
}

fn is_pending(https: bool, name: &str) -> bool {
    let digits = name.strip_prefix(&cookie::named(https, NAME));
    digits.is_some_and(|digits| digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
