//! People in what is shown: a product says who is meant by permission, the host puts the names in when somebody reads it.
//!
//! A component knows no one but the caller, and what it says may be recorded; so it hands over a reference. It may stand
//! wherever a text for people has its params, and in a preview:
//!
//! ```
//! # use eaf_sdk::{Message, People};
//! let message = Message::new("approval").param("people", People::who_may("approve").except("a-requesters-id"));
//! # assert_eq!(message.params["people"]["x-eaf-people"]["permission"], "approve");
//! ```
//!
//! The text of it writes `{{ people|names }}`: “A, B or C”.

use serde_json::{Value, json};

/// The members of the tenant who hold a permission of this plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct People {
    permission: String,
    except: Vec<String>,
}

impl People {
    /// Without the plugin's prefix.
    pub fn who_may(permission: &str) -> Self {
        People { permission: permission.into(), except: Vec::new() }
    }

    /// Leaves somebody out, by actor id: the requester where four eyes are needed.
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
