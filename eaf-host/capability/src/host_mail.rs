//! Mails of the host itself, which no run of a product asks for.

use crate::text::mails::Templates;
use eaf_core::actor::Locale;
use serde_json::{Map, Value};
use uuid::Uuid;

/// Mail to one address. No `Debug`, because address and facts are personal data.
pub struct HostMail<'a> {
    /// Mail address of the recipient.
    pub recipient: &'a str,
    pub locale: Locale,
    /// Id from which the Message-ID is made. A mail that is sent again has another id, because mail
    /// programs hide a second mail of the same id.
    pub id: Uuid,
    pub trace: &'a str,
    pub templates: &'a Templates,
    /// Name of the mail in `templates`.
    pub template: &'a str,
    pub facts: Map<String, Value>,
}
