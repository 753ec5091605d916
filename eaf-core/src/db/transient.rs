//! Transient errors of the database. The same request may succeed later, and the failed request may
//! have had its effect.

use std::error::Error;
use std::sync::Arc;

/// Says whether an error means that the database was unreachable, overloaded, shutting down or
/// read-only. The causes of `error` are examined too, so any error of this crate can be given.
pub fn is_transient(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<sqlx::Error>() {
            return is_transient_cause(cause);
        }
        if let Some(cause) = error.downcast_ref::<Arc<sqlx::Error>>() {
            return is_transient_cause(cause);
        }
        next = error.source();
    }
    false
}

pub(super) fn is_transient_cause(cause: &sqlx::Error) -> bool {
    match cause {
        sqlx::Error::Io(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => true,
        // 08 connection, 25001 transaction left open, 25006 read-only server, 25P03 idle in
        // transaction, 40 rollback (deadlock), 53 resources (too many connections), 55 lock not
        // available, 57 operator intervention (shutdown, terminated backend).
        sqlx::Error::Database(error) => {
            let classes = ["08", "25001", "25006", "25P03", "40", "53", "55", "57"];
            error.code().is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
        }
        _ => false,
    }
}

/// Says whether PostgreSQL refused a value, by SQLSTATE: a data exception (class 22) or an exceeded
/// limit (class 54). A repetition with the same value fails again.
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
