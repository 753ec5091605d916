//! Actions of rows, which the package decides: in one call for all rows and, if that call fails, in
//! a call for each row. So a faulty row does not hide the other rows. From then on the faulty row
//! has a call of its own.

use super::present;
use crate::commands::domain_problem;
use crate::problem::Problem;
use crate::products::Product;
use eaf_core::contract::{ActionsInput, ColumnType, Context, DomainError, RowActions, Standing, ViewType};
use eaf_core::view::{Row, row_members};
use futures_util::StreamExt;
use serde_json::{Map, Value};
use std::time::Duration;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Maximum number of concurrent calls of the package, each for a single row.
const CONCURRENT_CALLS: usize = 8;
/// Time-out of all calls for single rows together; rows without an answer are shown as faulty.
const ROWS_TIMEOUT: Duration = Duration::from_secs(3);

/// Rows of a view, and the context in which the package decides their actions.
pub struct Input<'a> {
    pub view: &'a ViewType,
    pub rows: &'a [Row],
    pub context: Context,
}

impl Input<'_> {
    fn of(&self, rows: &[usize]) -> ActionsInput {
        ActionsInput {
            view: self.view.name.clone(),
            rows: rows.iter().map(|row| for_plugin(&self.rows[*row], self.view)).collect(),
            context: self.context.clone(),
        }
    }

    fn standing(&self, product: &Product, row: usize) -> Standing {
        product.domain.standing(self.context.tenant, &self.view.name, &self.rows[row].key)
    }
}

type Answers = Vec<Option<RowActions>>;

/// Answers of the package, one per row, in order. `None`: the package failed for this row.
pub async fn ask(product: &Product, input: Input<'_>) -> Result<Answers, Problem> {
    let mut answers: Answers = input.rows.iter().map(|_| None).collect();
    let standings: Vec<Standing> = (0..input.rows.len()).map(|row| input.standing(product, row)).collect();
    let with = |wanted| (0..standings.len()).filter(|row| standings[*row] == wanted).collect::<Vec<_>>();
    let (good, mut single) = (with(Standing::Good), with(Standing::OnTrial));
    let mut cause = None;
    // A single row needs no call for all.
    if good.len() == 1 {
        single.extend(&good);
    } else if !good.is_empty() {
        match call(product, input.of(&good)).await {
            Ok(found) => good.iter().zip(found).for_each(|(row, answer)| answers[*row] = Some(answer)),
            Err(cause @ DomainError::Unavailable { .. }) => return Err(domain_problem(&cause)),
            Err(failure) => {
                single.extend(&good);
                cause = Some(failure);
            }
        }
    }
    call_each(product, &input, &single, &mut answers).await?;
    report_failure(product, &input, &answers, cause.as_ref());
    Ok(answers)
}

fn report_failure(product: &Product, input: &Input<'_>, answers: &Answers, cause: Option<&DomainError>) {
    let failed_rows = answers.iter().filter(|answer| answer.is_none()).count();
    if failed_rows == 0 && cause.is_none() {
        return;
    }
    let (plugin, view) = (product.id().to_owned(), input.view.name.clone());
    let error = cause.map(|cause| cause as &dyn std::error::Error);
    tracing::error!(error, plugin, view, rows = answers.len(), failed_rows, "the package failed for some rows");
    metrics::counter!("eaf_rows_not_shown_total", "plugin" => plugin, "view" => view).increment(failed_rows as u64);
}

async fn call(product: &Product, input: ActionsInput) -> Result<Vec<RowActions>, DomainError> {
    let rows = input.rows.len();
    let answers = product.domain.actions(input).await?.items;
    if answers.len() != rows {
        return Err(DomainError::Trap(format!("{} answers for {rows} rows", answers.len())));
    }
    Ok(answers)
}

/// Calls the package for each row. Fails if the package is unavailable, which is no fault of a row.
async fn call_each(product: &Product, input: &Input<'_>, rows: &[usize], answers: &mut Answers) -> Result<(), Problem> {
    let ask = |row: usize| async move { (row, call(product, input.of(&[row])).await) };
    let mut asking = futures_util::stream::iter(rows.iter().copied()).map(ask).buffer_unordered(CONCURRENT_CALLS);
    let asking = async {
        while let Some((row, single)) = asking.next().await {
            match single {
                Ok(mut found) => answers[row] = found.pop(),
                Err(cause @ DomainError::Unavailable { .. }) if input.standing(product, row) == Standing::Good => {
                    return Err(domain_problem(&cause));
                }
                Err(_) => {}
            }
        }
        Ok(())
    };
    // Keep the answers that arrived in time.
    tokio::time::timeout(ROWS_TIMEOUT, asking).await.unwrap_or(Ok(()))
}

/// Row as the plugin reads it: timestamps are in milliseconds since 1970.
fn for_plugin(row: &Row, view: &ViewType) -> Map<String, Value> {
    let mut columns = row.columns.clone();
    for column in view.columns.iter().filter(|column| column.kind == ColumnType::Timestamp) {
        if let Some(value) = columns.get_mut(&column.name) {
            let at = value.as_str().and_then(|text| OffsetDateTime::parse(text, &Rfc3339).ok());
            *value = at.map(present::millis).into();
        }
    }
    columns.insert(row_members::KEY.into(), row.key.clone().into());
    columns
}

#[cfg(test)]
mod tests;
