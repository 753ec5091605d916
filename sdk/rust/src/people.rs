//! References to people in texts: a product names them by permission, and the host inserts their
//! names when it renders the text.
//!
//! A component knows no member but the caller, and its answers may be recorded without personal
//! data. A reference is valid as a parameter of a text and in a preview:
//!
//! ```
//! # use eaf_sdk::{Message, People};
//! let people = People::who_may("approve").except("a-requesters-id");
//! let message = Message::new("approval").param("people", people);
//! # assert_eq!(message.params["people"]["x-eaf-people"]["permission"], "approve");
//! ```
//!
//! The text formats the parameter with `{{ people|names }}`: “A, B or C”.

use serde_json::{Value, json};

/// Members of the tenant who hold a permission of this plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    permission: String,
    except: Vec<String>,
}

impl People {
    /// Holders of a permission, given without the plugin's prefix.
    pub fn who_may(permission: &str) -> Self {
        People { permission: permission.into(), except: Vec::new() }
    }

    /// Excludes an actor id, such as the requester where the four-eyes principle applies.
    pub fn except(mut self, actor: &str) -> Self {
        self.except.push(actor.into());
        self
    }
}

impl From<People> for Value {
    fn from(people: People) -> Value {
        json!({ "x-eaf-people": { "permission": people.permission, "except": people.except } })
    }
}
