//! Search in a view: a row matches if each word of the search occurs in one of the row's searched
//! columns, or is the row's key.
//!
//! A search reads all rows of the tenant that the caller may see. Under row-level security
//! PostgreSQL uses no index for "contains", because its operators are not leakproof: they could
//! reveal rows that the policy hides.

use super::{Error, Table, quoted, row_members};
use sqlx::{Postgres, QueryBuilder};

/// Name of the query parameter with the text of a search.
pub(super) const PARAMETER: &str = "search";
/// Maximum number of characters in the text of a search.
pub const MAX_SEARCH_LENGTH: usize = 100;
const MAX_WORDS: usize = 8;

pub(super) struct Search<'a> {
    words: Vec<&'a str>,
    columns: Vec<&'a str>,
    /// Whether the view has the column `terminal`. Of two equal matches, a row in its final state
    /// comes last.
    has_terminal: bool,
}

impl<'a> Search<'a> {
    pub fn new(table: &Table<'a>, text: &'a str) -> Result<Self, Error> {
        let searched = table.view.columns.iter().filter(|column| column.search);
        let columns: Vec<&str> = searched.map(|column| column.name.as_str()).collect();
        if columns.is_empty() {
            return Err(Error::UnknownFilter { column: PARAMETER.into() });
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_valid = (1..=MAX_WORDS).contains(&words.len()) && text.chars().count() <= MAX_SEARCH_LENGTH;
        if !is_valid || text.contains('\0') {
            return Err(Error::FilterValue { column: PARAMETER.into() });
        }
        Ok(Search { words, columns, has_terminal: table.column(row_members::TERMINAL).is_some() })
    }

    /// Appends the SQL `and (…)` with a condition for each word of the search.
    pub fn push_condition(&self, sql: &mut QueryBuilder<Postgres>) {
        // Columns are case-folded as one text; no word contains the line break that separates them.
        let columns = self.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        let all_columns = format!("concat_ws(e'\\n', {columns})");
        for word in &self.words {
            sql.push(" and (position(");
            push_case_folded(sql, word);
            // The composition takes three times as long as the rest, and only a word with
            // characters other than ASCII needs it.
            let searched = if word.is_ascii() { lower(&all_columns) } else { case_folded(&all_columns) };
            // Only a whole key matches, because a part of an id matches too many rows.
            sql.push(format!(" in {searched}) > 0 or key = ")).push_bind((*word).to_owned()).push(")");
        }
    }

    /// Appends the SQL `order by …`. Rows with a column that starts with the searched text come
    /// first; among these, rows whose column is shorter come first.
    pub fn push_order(&self, sql: &mut QueryBuilder<Postgres>) {
        let text = self.words.join(" ");
        sql.push(" order by least(");
        for column in &self.columns {
            let column = case_folded(&quoted(column));
            sql.push(format!("case when starts_with({column}, "));
            push_case_folded(sql, &text);
            sql.push(format!(") then length({column}) end, "));
        }
        sql.push("1000)");
        if self.has_terminal {
            sql.push(", ").push(quoted(row_members::TERMINAL));
        }
        sql.push(", key");
    }
}

/// SQL that converts a text to lower case and to composed characters. The result does not depend on
/// the database's collation.
fn case_folded(text: &str) -> String {
    lower(&format!("normalize({text})"))
}

/// SQL that converts a text to lower case, whatever the database's collation is.
fn lower(text: &str) -> String {
    format!("lower({text} collate \"und-x-icu\")")
}

fn push_case_folded(sql: &mut QueryBuilder<Postgres>, text: &str) {
    sql.push("lower(normalize(").push_bind(text.to_owned()).push(") collate \"und-x-icu\")");
}
