//! Failures of the mail capability. Tenant admins and workflows read their messages. A message
//! contains no address, no name and no subject; of a server's reply it contains only the code,
//! because servers repeat addresses in the text.

use eaf_capability::{Class, Failure, FailureCode, HostCode};

pub fn configuration(code: impl FailureCode, message: String) -> Failure {
    failure(Class::Configuration, code, message)
}

pub fn transient(code: impl FailureCode, message: String) -> Failure {
    failure(Class::Transient, code, message)
}

pub fn permanent(code: impl FailureCode, message: String) -> Failure {
    failure(Class::Permanent, code, message)
}

pub fn failure(class: Class, code: impl FailureCode, message: String) -> Failure {
    Failure::new(class, code, message)
}

/// Failure because the tenant has no mail connection with the name that a grant or a connection
/// test gives.
pub fn no_connection(name: &str) -> Failure {
    configuration(
        HostCode::ConnectionMissing,
        format!("There is no mail connection `{name}`. A tenant admin can set it."),
    )
}
