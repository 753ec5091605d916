//! What the package says of rows: asked for all of them in one call, and for each by itself when that call fails. So one
//! row that the package cannot take does not keep people from the others.

use super::present;
use crate::http::commands::faulty;
use crate::http::problem::Problem;
use crate::http::products::Product;
use eaf_core::contract::{ActionsInput, ColumnType, Context, DomainError, RowActions, ViewType};
use eaf_core::view::{Row, member};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use std::ops::Range;
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Calls for single rows at the same time.
const AT_ONCE: usize = 8;
/// For all single rows together; what was not answered by then is not shown.
const PATIENCE: Duration = Duration::from_secs(3);

/// What a call is made of.
pub struct Input<'a> {
    pub view: &'a ViewType,
    pub rows: &'a [Row],
    pub context: Context,
}

impl Input<'_> {
    fn of(&self, rows: Range<usize>) -> ActionsInput {
        ActionsInput {
            view: self.view.name.clone(),
            rows: self.rows[rows].iter().map(|row| for_plugin(row, self.view)).collect(),
            context: self.context.clone(),
        }
    }
}

/// One answer per row, in order. None: the package cannot say anything of this row.
pub async fn ask(product: &Product, input: Input<'_>) -> Result<Vec<Option<RowActions>>, Problem> {
    match together(product, input.of(0..input.rows.len())).await {
        Ok(answers) => Ok(answers.into_iter().map(Some).collect()),
        Err(cause @ DomainError::Unavailable { .. }) => Err(faulty(&cause)),
        Err(cause) => {
            let answers = one_by_one(product, &input).await;
            let silent = answers.iter().filter(|answer| answer.is_none()).count();
            let (plugin, view) = (product.id().to_owned(), input.view.name.clone());
            let error = &cause as &dyn std::error::Error;
            tracing::error!(error, plugin, view, rows = answers.len(), silent, "the package cannot take some rows");
            metrics::counter!("eaf_rows_not_shown_total", "plugin" => plugin, "view" => view).increment(silent as u64);
            Ok(answers)
        }
    }
}

async fn together(product: &Product, input: ActionsInput) -> Result<Vec<RowActions>, DomainError> {
    let rows = input.rows.len();
    let answers = product.domain.actions(input).await?.items;
    if answers.len() != rows {
        return Err(DomainError::Trap(format!("{} answers for {rows} rows", answers.len())));
    }
    Ok(answers)
}

async fn one_by_one(product: &Product, input: &Input<'_>) -> Vec<Option<RowActions>> {
    let mut answers: Vec<Option<RowActions>> = input.rows.iter().map(|_| None).collect();
    let ask = |index: usize| async move {
        let alone = together(product, input.of(index..index + 1)).await;
        (index, alone.ok().and_then(|mut answers| answers.pop()))
    };
    let mut asking = futures_util::stream::iter(0..input.rows.len()).map(ask).buffer_unordered(AT_ONCE);
    let asking = async {
        while let Some((index, answer)) = asking.next().await {
            answers[index] = answer;
        }
    };
    // What is known by then is shown.
    let _over = tokio::time::timeout(PATIENCE, asking).await;
    answers
}

/// Instants are milliseconds on the plugin's side.
fn for_plugin(row: &Row, view: &ViewType) -> Map<String, Value> {
    let mut columns = row.columns.clone();
    for column in view.columns.iter().filter(|column| column.kind == ColumnType::Timestamp) {
        if let Some(value) = columns.get_mut(&column.name) {
            let at = value.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
            *value = at.map(present::millis).into();
        }
    }
    columns.insert(member::KEY.into(), row.key.clone().into());
    columns
}
