//! Trouble that passes: the same request may succeed later, and may even have had its effect already.

use std::error::Error;
use std::sync::Arc;

/// Whether the database was lost, busy, shutting down or only reading. Looks through the causes, so that it can be asked of any error
/// of this crate.
pub fn is_transient(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<sqlx::Error>() {
            return passes(cause);
        }
        if let Some(cause) = error.downcast_ref::<Arc<sqlx::Error>>() {
            return passes(cause);
        }
        next = error.source();
    }
    false
}

pub(super) fn passes(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        // Connection, a transaction that was left open, a server that only reads, a transaction that was idle for too long, transaction
        // rollback (deadlock), resources (too many connections), a lock that was not to be had, operator
        // intervention (shutdown, a killed backend).
        sqlx::Error::Database(error) => {
            let classes = ["08", "25001", "25006", "25P03", "40", "53", "55", "57"];
            error.code().is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// Whether a value, and no trouble, made PostgreSQL refuse: data exceptions, and what exceeds a limit of it.
pub(crate) fn is_refused_value(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("54"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command_bus, crypto, db, event_store};

    #[test]
    fn a_lost_connection_is_found_however_deep_it_lies() {
        let lost = || sqlx::Error::PoolTimedOut;
        let deep = crypto::personal::Error::Crypto { pointer: "/name".into(), cause: crypto::Error::Load(lost()) };
        for error in [
            command_bus::Error::Db(db::Error::Begin(lost())),
            command_bus::Error::Ledger(lost()),
            command_bus::Error::Crypto(crypto::Error::Load(lost())),
            command_bus::Error::Personal(deep),
            command_bus::Error::Store(event_store::Error::Append(Arc::new(lost()))),
        ] {
            assert!(is_transient(&error), "{error:?}");
        }
    }

    #[test]
    fn a_fault_stays_a_fault() {
        for error in [
            command_bus::Error::Invalid,
            command_bus::Error::Crypto(crypto::Error::WrongMasterKey),
            command_bus::Error::Ledger(sqlx::Error::RowNotFound),
        ] {
            assert!(!is_transient(&error), "{error:?}");
        }
    }
}
