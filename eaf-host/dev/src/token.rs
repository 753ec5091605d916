//! `eaf dev token ACCOUNT`: a bearer token from the running identity provider.

use crate::idp::accounts::{self, Account};
use crate::idp::{self, ACCOUNT_GRANT};
use serde::Deserialize;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no account `{account}`; there are: {}", names())]
    NoAccount { account: String },
    #[error("the identity provider does not answer at {address}: is the demo running?")]
    NotThere {
        address: String,
        #[source]
        cause: reqwest::Error,
    },
    #[error("the identity provider refused")]
    Refused(#[source] reqwest::Error),
}

fn names() -> String {
    accounts::all().map(|account| account.name).collect::<Vec<_>>().join(", ")
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
}

pub async fn fetch(idp_port: u16, account: &str) -> Result<String, Error> {
    if Account::find(account).is_none() {
        return Err(Error::NoAccount { account: account.to_string() });
    }
    let address = idp::issuer_url(idp_port);
    let form = [("grant_type", ACCOUNT_GRANT), ("account", account)];
    let response = reqwest::Client::new().post(format!("{address}/token")).form(&form).send().await;
    let response = response.map_err(|cause| Error::NotThere { address, cause })?;
    let answer: Answer = response.error_for_status().map_err(Error::Refused)?.json().await.map_err(Error::Refused)?;
    Ok(answer.access_token)
}
