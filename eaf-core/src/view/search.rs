//! Words that people type: a row is found when each of them stands in one of its searched columns, or is its key.
//!
//! A search reads all rows of the tenant that the caller may see: under row-level security PostgreSQL uses no index for
//! “contains”, because its operators could tell about rows that the policy hides.

use super::{Error, Table, member, quoted};
use sqlx::{Postgres, QueryBuilder};

/// The parameter of a list.
pub(super) const PARAMETER: &str = "search";
/// Characters that a search may have.
pub const LONGEST_SEARCH: usize = 100;
const MOST_WORDS: usize = 8;

/// What is typed, and the columns in which it is looked for.
pub(super) struct Search<'a> {
    words: Vec<&'a str>,
    columns: Vec<&'a str>,
    /// Rows with which nothing more happens come after the others.
    terminal: bool,
}

impl<'a> Search<'a> {
    pub fn new(table: &Table<'a>, typed: &'a str) -> Result<Self, Error> {
        let searched = table.view.columns.iter().filter(|column| column.search);
        let columns: Vec<&str> = searched.map(|column| column.name.as_str()).collect();
        if columns.is_empty() {
            return Err(Error::UnknownFilter { column: PARAMETER.into() });
        }
        let words: Vec<&str> = typed.split_whitespace().collect();
        let fits = (1..=MOST_WORDS).contains(&words.len()) && typed.chars().count() <= LONGEST_SEARCH;
        if !fits || typed.contains('\0') {
            return Err(Error::FilterValue { column: PARAMETER.into() });
        }
        Ok(Search { words, columns, terminal: table.column(member::TERMINAL).is_some() })
    }

    /// Appends `and (…)` for each word.
    pub fn restrict(&self, sql: &mut QueryBuilder<Postgres>) {
        // One text of all columns is folded once; no word has the line break between them.
        let columns = self.columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        let whole = folded(&format!("concat_ws(e'\\n', {columns})"));
        for word in &self.words {
            sql.push(" and (position(");
            push_folded(sql, word);
            // A part of an id is part of too many.
            sql.push(format!(" in {whole}) > 0 or key = ")).push_bind((*word).to_owned()).push(")");
        }
    }

    /// Appends `order by …`: rows that begin with what is typed come first, those that are exactly this before all.
    pub fn best_first(&self, sql: &mut QueryBuilder<Postgres>) {
        let typed = self.words.join(" ");
        sql.push(" order by least(");
        for column in &self.columns {
            let column = folded(&quoted(column));
            sql.push(format!("case when starts_with({column}, "));
            push_folded(sql, &typed);
            sql.push(format!(") then length({column}) end, "));
        }
        sql.push("1000)");
        if self.terminal {
            sql.push(", ").push(quoted(member::TERMINAL));
        }
        sql.push(", key");
    }
}

/// Folds capitals of every language and the two ways to write an umlaut, whatever the database's own order is.
fn folded(text: &str) -> String {
    format!("lower(normalize({text}) collate \"und-x-icu\")")
}

fn push_folded(sql: &mut QueryBuilder<Postgres>, typed: &str) {
    sql.push("lower(normalize(").push_bind(typed.to_owned()).push(") collate \"und-x-icu\")");
}
