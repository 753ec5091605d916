//! Failures of the mail capability. Messages are for tenant admins and workflows: no address, no
//! name, no subject, and only the codes of a server's reply, since servers repeat addresses.

use eaf_capability::{Class, Failure};

pub fn configuration(code: &str, message: String) -> Failure {
    failure(Class::Configuration, code, message)
}

pub fn transient(code: &str, message: String) -> Failure {
    failure(Class::Transient, code, message)
}

pub fn permanent(code: &str, message: String) -> Failure {
    failure(Class::Permanent, code, message)
}

pub fn failure(class: Class, code: &str, message: String) -> Failure {
    Failure::new(class, code, message)
}

/// Failure of a grant or a test that names a connection which the tenant does not have.
pub fn no_connection(name: &str) -> Failure {
    configuration("connection-missing", format!("There is no mail connection `{name}`. A tenant admin can set it."))
}
