//! Failures of the vSphere capability. The workflow engine decides from a failure whether to repeat
//! the call, and people read how to repair the cause. The class follows from the kind of vCenter's
//! fault, never from its text. No message contains a password.
//!
//! A failure is transient if its cause ends without a person. It has a retry budget if the cause
//! usually ends within minutes.
//!
//! | file | content |
//! |---|---|
//! | `code.rs` | failure codes |
//! | `faults.rs` | faults of vCenter: classes and budgets per family |
//! | `permission.rs` | missing privileges with their objects |

mod code;
mod faults;
mod permission;

pub use code::Code;
pub use faults::of_fault;

use super::client::account::Refused;
use super::client::{Error, kinds, transport};
use eaf_capability::{Class, Failure, FailureCode};
use std::time::Duration;

/// Retry budget while vCenter starts. A start takes 5 to 15 minutes, and an upgrade restarts
/// vCenter more than once.
const STARTING: Duration = Duration::from_secs(30 * 60);

/// Retry budget of a refused login whose credentials worked before. The directory behind vCenter
/// may be unavailable; it returns within this time, or else a person must correct the credentials.
const IDENTITY_OUTAGE: Duration = Duration::from_secs(30 * 60);

/// Retry budget of an answer that cannot be parsed. A failing proxy may have sent it and recover;
/// vCenter itself would send the same answer again.
const UNREADABLE: Duration = Duration::from_secs(15 * 60);

/// Retry budget of a refused certificate at a known vCenter. It covers a planned change of the
/// certificate and the restart of vCenter's services.
const CERTIFICATE: Duration = Duration::from_secs(30 * 60);

/// Delay before the next call to a vCenter that is too busy to answer.
const BUSY: Duration = Duration::from_secs(10);

pub fn new(class: Class, code: impl FailureCode, message: impl Into<String>) -> Failure {
    Failure::new(class, code, message)
}

/// Failure of a call that only reads, or that certainly had no effect.
pub fn of_read(error: &Error) -> Failure {
    of(error, Class::Transient)
}

/// Failure of a call that may have had an effect. If no answer came, its class is `UnknownOutcome`,
/// and the repetition begins with a read.
pub fn of_effect(error: &Error) -> Failure {
    of(error, if error.leaves_doubt() { Class::UnknownOutcome } else { Class::Transient })
}

fn of(error: &Error, silent: Class) -> Failure {
    tracing::warn!(error = error as &dyn std::error::Error, "a call to vCenter failed");
    match error {
        Error::Fault(fault) | Error::Unreadable { fault, .. } => of_fault(fault),
        Error::Transport(transport) => of_transport(transport, silent),
        Error::Refused(refused) => of_refused(refused),
        Error::LoginsPaused { pause } => of_pause(*pause),
        Error::OtherVCenter => new(
            Class::Transient,
            Code::VcenterChanged,
            "Another vCenter began to answer at the connection's address meanwhile. The call begins again.",
        )
        .give_up_after(STARTING),
        Error::Soap(_) | Error::Incomplete { .. } | Error::TooMuch { .. } => unreadable(silent),
        Error::Unreached(_) => unreached(),
    }
}

fn of_transport(error: &transport::Error, silent: Class) -> Failure {
    use transport::Error as T;
    match error {
        T::Address => new(
            Class::Configuration,
            Code::VcenterAddress,
            "The address of vCenter must be an https URL such as https://vcenter.example/sdk.",
        ),
        T::CaCertificate(_) => certificate("The CA certificate of the connection is not in PEM form."),
        T::Client(_) => certificate(
            "No trusted certificates were found: give the connection the certificate of the CA that signed vCenter's.",
        ),
        T::Certificate { cause, answered_before } => of_certificate(cause, *answered_before),
        T::Connect(_) => new(Class::Transient, Code::VcenterUnreachable, "vCenter cannot be reached."),
        T::NoAnswer(_) => {
            new(silent, Code::VcenterUnreachable, "The connection to vCenter broke before an answer came.")
        }
        T::TooLarge => unreadable(silent),
        // The tenant must not learn why the egress policy refused the address. The operator finds
        // the reason in the log.
        T::Egress(_) => unreached(),
        T::TooSlow => new(silent, Code::VcenterUnreachable, "vCenter did not answer in time."),
        T::NotVCenter { status, answered_before: true } => new(
            silent,
            Code::VcenterStarting,
            format!("vCenter's proxy answers and vCenter does not (HTTP status {status}): vCenter may be starting."),
        )
        .retry_after(BUSY)
        .give_up_after(STARTING),
        T::NotVCenter { status, answered_before: false } => new(
            Class::Configuration,
            Code::VcenterAddress,
            format!("There is no vCenter at the connection's address (HTTP status {status})."),
        ),
        T::Status(status) => {
            new(silent, Code::VcenterUnreachable, format!("vCenter answered with HTTP status {status}."))
                .retry_after(BUSY)
        }
    }
}

/// Creates the failure of a vCenter that was not reached. The failure is the same for every cause;
/// the operator finds the cause in the log.
fn unreached() -> Failure {
    new(
        Class::Transient,
        Code::VcenterUnreachable,
        "vCenter cannot be reached at the connection's address. Check the address, its port, the CA certificate and the \
         firewall. The operator of this installation decides which addresses a connection may name, and finds the cause \
         in the log.",
    )
}

fn of_certificate(cause: &rustls::Error, answered_before: bool) -> Failure {
    use rustls::CertificateError as Cert;
    let why = match cause {
        rustls::Error::InvalidCertificate(Cert::Expired | Cert::ExpiredContext { .. }) => {
            "The certificate of vCenter has expired.".to_owned()
        }
        rustls::Error::InvalidCertificate(Cert::NotValidForNameContext { expected, presented }) => format!(
            "The certificate of vCenter is for another host name than the connection's address {}: it is for {}.",
            expected.to_str(),
            presented.join(", ")
        ),
        rustls::Error::InvalidCertificate(Cert::NotValidForName) => {
            "The certificate of vCenter is for another host name than the connection's address.".to_owned()
        }
        rustls::Error::InvalidCertificate(Cert::UnknownIssuer | Cert::BadSignature) => {
            "The certificate of vCenter is signed by an unknown CA: give the connection the CA's certificate."
                .to_owned()
        }
        _ => "The certificate of vCenter is not valid.".to_owned(),
    };
    if answered_before {
        return new(Class::Transient, Code::VcenterCertificate, why).give_up_after(CERTIFICATE);
    }
    certificate(&why)
}

fn certificate(why: &str) -> Failure {
    new(Class::Configuration, Code::VcenterCertificate, why)
}

fn unreadable(silent: Class) -> Failure {
    new(silent, Code::VcenterAnswer, "vCenter sent an answer that could not be understood.").give_up_after(UNREADABLE)
}

/// Failure of a login that vCenter refused. Even valid credentials are refused while the directory
/// behind vCenter is unavailable, so the failure may be retryable.
fn of_refused(refused: &Refused) -> Failure {
    if kinds::is(&refused.kind, "PasswordExpired") {
        return new(
            Class::Configuration,
            Code::VcenterPasswordExpired,
            "The password of the connection's user has expired in vCenter. An administrator of vCenter can set a new \
             one, best for an account whose password does not expire; a tenant admin enters it in the connection.",
        );
    }
    let again = format!("It is tried again in {} seconds.", refused.pause.as_secs());
    if refused.worked_before {
        let message = format!(
            "vCenter refuses the user name or password of the connection, which worked before: its identity source may \
             be away, or the account may be locked. {again}"
        );
        return new(Class::Transient, Code::VcenterLogin, message)
            .retry_after(refused.pause)
            .give_up_after(IDENTITY_OUTAGE);
    }
    new(
        Class::Configuration,
        Code::VcenterLogin,
        format!(
            "vCenter refused the user name or password of the connection. A tenant admin can correct them, and test \
             the connection at once. {again}"
        ),
    )
}

fn of_pause(pause: Duration) -> Failure {
    new(
        Class::Transient,
        Code::VcenterLoginPause,
        format!(
            "vCenter refused several logins of this user. The next one is made in {} seconds, so that vCenter does not \
             lock the account.",
            pause.as_secs() + 1
        ),
    )
    .retry_after(pause)
}
