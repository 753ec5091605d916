//! What went wrong, for the engine that decides whether to repeat and for the people who must repair it. Decided by the
//! kind of a fault, never by its text. No message holds a password.

use super::client::{Error, Fault, transport};
use crate::capabilities::{Class, Failure};

/// vCenter's own words are untrusted and may be long.
const MAX_QUOTE: usize = 300;

pub fn new(class: Class, code: &str, message: impl Into<String>) -> Failure {
    Failure::new(class, code, message)
}

/// Of a call that reads, or that certainly had no effect.
pub fn of_read(error: &Error) -> Failure {
    of(error, Class::Transient)
}

/// Of a call that changes something: if no answer came, nobody knows, and the repetition looks first.
pub fn of_effect(error: &Error) -> Failure {
    of(error, if error.leaves_doubt() { Class::UnknownOutcome } else { Class::Transient })
}

fn of(error: &Error, silent: Class) -> Failure {
    tracing::warn!(error = error as &dyn std::error::Error, "a call to vCenter failed");
    match error {
        Error::Fault(fault) | Error::Unreadable { fault, .. } => of_fault(fault),
        Error::Transport(transport) => of_transport(transport, silent),
        Error::Soap(_) | Error::Incomplete { .. } => {
            new(silent, "vcenter-answer", "vCenter sent an answer that could not be understood.")
        }
    }
}

fn of_transport(error: &transport::Error, silent: Class) -> Failure {
    use rustls::CertificateError as Cert;
    use transport::Error as T;
    let certificate = |why: &str| new(Class::Configuration, "vcenter-certificate", why);
    match error {
        T::Address => new(
            Class::Configuration,
            "vcenter-address",
            "The address of vCenter must be an https URL such as https://vcenter.example/sdk.",
        ),
        T::CaCertificate(_) => certificate("The CA certificate of the connection is not in PEM form."),
        T::Client(_) => certificate(
            "No trusted certificates were found: give the connection the certificate of the CA that signed vCenter's.",
        ),
        T::Certificate(rustls::Error::InvalidCertificate(cause)) => certificate(match cause {
            Cert::Expired | Cert::ExpiredContext { .. } => "The certificate of vCenter has expired.",
            Cert::NotValidForName | Cert::NotValidForNameContext { .. } => {
                "The certificate of vCenter is for another host name than the connection's address."
            }
            Cert::UnknownIssuer | Cert::BadSignature => {
                "The certificate of vCenter is signed by an unknown CA: give the connection the CA's certificate."
            }
            _ => "The certificate of vCenter is not valid.",
        }),
        T::Certificate(_) => certificate("The certificate of vCenter is not valid."),
        T::Connect(_) => new(Class::Transient, "vcenter-unreachable", "vCenter cannot be reached."),
        T::NoAnswer(_) => new(silent, "vcenter-unreachable", "The connection to vCenter broke before an answer came."),
        T::TooLarge | T::Encoding => {
            new(silent, "vcenter-answer", "vCenter sent an answer that could not be understood.")
        }
        T::Status(status @ (300..=399 | 404 | 405)) => new(
            Class::Configuration,
            "vcenter-address",
            format!("There is no vCenter at the connection's address (HTTP status {status})."),
        ),
        T::Status(status) => new(silent, "vcenter-unreachable", format!("vCenter answered with HTTP status {status}.")),
    }
}

pub fn of_fault(fault: &Fault) -> Failure {
    let said = quote(fault);
    match fault.kind.as_str() {
        "InvalidLogin" => new(
            Class::Configuration,
            "vcenter-login",
            "vCenter refused the user name or password of the connection. A tenant admin can correct them.",
        ),
        "NoPermission" => {
            let privilege = fault.detail.text_of("privilegeId").unwrap_or("unknown");
            new(
                Class::Configuration,
                "vcenter-permission",
                format!("The connection's user lacks a privilege in vCenter: {privilege}."),
            )
        }
        "NotAuthenticated" => new(Class::Transient, "vcenter-session", "vCenter ended the session twice in a row."),
        "InsufficientResourcesFault"
        | "InsufficientCpuResourcesFault"
        | "InsufficientMemoryResourcesFault"
        | "InsufficientHostCapacityFault"
        | "InsufficientStorageSpace"
        | "InsufficientFailoverResourcesFault"
        | "NoDiskSpace"
        | "OutOfBounds"
        | "DatastoreNotWritableOnHost"
        | "NoActiveHostInCluster"
        | "NoCompatibleHost" => {
            new(Class::Capacity, "vcenter-capacity", format!("vCenter has no room at the moment: {said}"))
        }
        "TaskInProgress" | "ConcurrentAccess" | "HostNotConnected" | "HostCommunication" | "Timedout"
        | "ResourceInUse" | "InvalidState" | "HostNotReachable" | "TooManyTasks" | "RequestCanceled" => {
            new(Class::Transient, "vcenter-busy", format!("vCenter could not do it just now: {said}"))
        }
        // Between our look and our call it was taken away: the next look decides.
        "ManagedObjectNotFound" => new(Class::UnknownOutcome, "object-gone", format!("It is no longer there: {said}")),
        "InvalidPowerState" => {
            new(Class::UnknownOutcome, "power-changed", format!("The power state changed meanwhile: {said}"))
        }
        "DuplicateName" => new(Class::Conflict, "name-taken", format!("The name is taken: {said}")),
        "InvalidArgument"
        | "InvalidName"
        | "InvalidVmConfig"
        | "InvalidDatastore"
        | "InvalidFolder"
        | "CpuHotPlugNotSupported"
        | "MemoryHotPlugNotSupported"
        | "NotSupported"
        | "RestrictedVersion" => {
            new(Class::Configuration, "vcenter-refused", format!("vCenter refused the request: {said}"))
        }
        _ => new(Class::Permanent, "vcenter-fault", format!("vCenter reported an error: {said}")),
    }
}

fn quote(fault: &Fault) -> String {
    let words: String = fault.message.chars().filter(|c| !c.is_control()).take(MAX_QUOTE).collect();
    if words.is_empty() || words == fault.kind { fault.kind.clone() } else { format!("{} ({})", words, fault.kind) }
}
