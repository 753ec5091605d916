//! Cursor of a list: the sort order and the last row of a page. It is opaque to clients, and
//! checked when a client sends it back.

use super::query::{Direction, Sort};
use super::{Error, Row};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Name of the column by which the page is sorted. `None`: the rows are ordered by key.
    s: Option<String>,
    /// Whether the page is sorted in descending order.
    d: bool,
    /// Value of the page's last row in the column by which the page is sorted.
    v: Value,
    /// Key of the page's last row.
    k: String,
}

impl Cursor {
    pub fn after(row: &Row, sort: Option<&Sort>) -> Self {
        Cursor {
            s: sort.map(|sort| sort.column.clone()),
            d: sort.is_some_and(|sort| sort.direction == Direction::Descending),
            v: sort.and_then(|sort| row.columns.get(&sort.column)).cloned().unwrap_or(Value::Null),
            k: row.key.clone(),
        }
    }

    pub fn encode(&self) -> String {
        BASE64.encode(serde_json::to_vec(self).expect("strings and JSON values always serialise"))
    }

    /// Decodes a cursor. Fails if the cursor belongs to a list with another sort order.
    pub fn decode(text: &str, sort: Option<&Sort>) -> Result<Self, Error> {
        let bytes = BASE64.decode(text).map_err(|_| Error::Cursor)?;
        let cursor: Cursor = serde_json::from_slice(&bytes).map_err(|_| Error::Cursor)?;
        let column = sort.map(|sort| sort.column.as_str());
        let descending = sort.is_some_and(|sort| sort.direction == Direction::Descending);
        if cursor.s.as_deref() != column || cursor.d != descending || cursor.k.contains('\0') {
            return Err(Error::Cursor);
        }
        Ok(cursor)
    }

    pub fn value(&self) -> &Value {
        &self.v
    }

    pub fn key(&self) -> &str {
        &self.k
    }
}
