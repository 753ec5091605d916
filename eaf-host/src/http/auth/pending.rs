//! What the host must remember of a sign-in until the browser comes back: in a cookie of that browser, sealed under the
//! platform's key, so that nobody reads or makes one. One cookie for each attempt: several tabs may sign in at once.

use super::cookie;
use super::return_to::ReturnTo;
use crate::http::App;
use crate::identity::sign_in::Attempt;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::Duration;

/// A person finds their password in this time.
const LIVES: Duration = Duration::from_secs(10 * 60);
/// More make the header too large for proxies. Who has so many tabs waiting begins anew in the others.
const MOST: usize = 8;
/// Where the value stands; it opens only there.
const PLACE: &str = "auth.pending";

const NAME: &str = "eaf-sign-in-";
const NAME_DIGITS: usize = 16;

#[derive(Serialize, Deserialize)]
pub struct Pending {
    state: String,
    pub nonce: String,
    pub verifier: String,
    return_to: String,
    /// Seconds since 1970. The cookie's age is in the browser's hands, this is not.
    until: i64,
}

impl Pending {
    pub fn new(app: &App, attempt: Attempt, return_to: ReturnTo) -> Self {
        let Attempt { state, nonce, verifier, address: _ } = attempt;
        let until = (app.core.world.now() + LIVES).unix_timestamp();
        Pending { state, nonce, verifier, return_to: return_to.as_str().into(), until }
    }

    /// The cookies to set: this one, and an end to those that are too many.
    pub fn cookies(&self, app: &App, headers: &HeaderMap) -> Vec<HeaderValue> {
        let https = app.config.https();
        let clear = serde_json::to_vec(self).expect("texts and a number are JSON");
        let sealed = URL_SAFE_NO_PAD.encode(app.core.keyring.seal_platform(PLACE, &clear));
        let mut cookies = vec![cookie::set(https, &name(https, &self.state), &sealed, Some(LIVES))];
        let others: Vec<&str> =
            cookie::all(headers).map(|(name, _)| name).filter(|name| is_pending(https, name)).collect();
        if others.len() >= MOST {
            cookies.extend(others.into_iter().map(|name| cookie::clear(https, name)));
        }
        cookies
    }

    /// The attempt of this state, if it was begun in this browser not long ago.
    pub fn open(app: &App, headers: &HeaderMap, state: &str) -> Option<Pending> {
        let sealed = cookie::read(headers, &name(app.config.https(), state))?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let clear = app.core.keyring.open_platform(PLACE, &sealed).ok()?;
        let pending: Pending = serde_json::from_slice(&clear).ok()?;
        let fits = pending.state == state && pending.until > app.core.world.now().unix_timestamp();
        fits.then_some(pending)
    }

    pub fn return_to(&self) -> ReturnTo {
        ReturnTo::parse(Some(&self.return_to)).unwrap_or_else(ReturnTo::home)
    }
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
