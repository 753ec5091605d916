//! What the package says of rows: asked for all of them in one call, and for each by itself when that call fails. So one
//! row that the package cannot take does not keep people from the others, and is left out of the next calls.

use super::present;
use crate::commands::faulty;
use crate::problem::Problem;
use crate::products::Product;
use eaf_core::contract::{ActionsInput, ColumnType, Context, DomainError, RowActions, Standing, ViewType};
use eaf_core::view::{Row, row_members};
use futures_util::StreamExt;
use serde_json::{Map, Value};
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

/// One answer per row, in order. None: the package cannot say anything of this row.
pub async fn ask(product: &Product, input: Input<'_>) -> Result<Answers, Problem> {
    let mut answers: Answers = input.rows.iter().map(|_| None).collect();
    let standings: Vec<Standing> = (0..input.rows.len()).map(|row| input.standing(product, row)).collect();
    let with = |wanted| (0..standings.len()).filter(|row| standings[*row] == wanted).collect::<Vec<_>>();
    let (good, mut alone) = (with(Standing::Good), with(Standing::OnTrial));
    let mut cause = None;
    // One row would be asked about twice.
    if good.len() == 1 {
        alone.extend(&good);
    } else if !good.is_empty() {
        match together(product, input.of(&good)).await {
            Ok(found) => good.iter().zip(found).for_each(|(row, answer)| answers[*row] = Some(answer)),
            Err(cause @ DomainError::Unavailable { .. }) => return Err(faulty(&cause)),
            Err(failed) => {
                alone.extend(&good);
                cause = Some(failed);
            }
        }
    }
    one_by_one(product, &input, &alone, &mut answers).await?;
    tell(product, &input, &answers, cause.as_ref());
    Ok(answers)
}

fn tell(product: &Product, input: &Input<'_>, answers: &Answers, cause: Option<&DomainError>) {
    let silent = answers.iter().filter(|answer| answer.is_none()).count();
    if silent == 0 && cause.is_none() {
        return;
    }
    let (plugin, view) = (product.id().to_owned(), input.view.name.clone());
    let error = cause.map(|cause| cause as &dyn std::error::Error);
    tracing::error!(error, plugin, view, rows = answers.len(), silent, "the package cannot take some rows");
    metrics::counter!("eaf_rows_not_shown_total", "plugin" => plugin, "view" => view).increment(silent as u64);
}

async fn together(product: &Product, input: ActionsInput) -> Result<Vec<RowActions>, DomainError> {
    let rows = input.rows.len();
    let answers = product.domain.actions(input).await?.items;
    if answers.len() != rows {
        return Err(DomainError::Trap(format!("{} answers for {rows} rows", answers.len())));
    }
    Ok(answers)
}

/// An error: the host is busy, which is no row's fault.
async fn one_by_one(
    product: &Product,
    input: &Input<'_>,
    rows: &[usize],
    answers: &mut Answers,
) -> Result<(), Problem> {
    let ask = |row: usize| async move { (row, together(product, input.of(&[row])).await) };
    let mut asking = futures_util::stream::iter(rows.iter().copied()).map(ask).buffer_unordered(AT_ONCE);
    let asking = async {
        while let Some((row, alone)) = asking.next().await {
            match alone {
                Ok(mut found) => answers[row] = found.pop(),
                Err(cause @ DomainError::Unavailable { .. }) if input.standing(product, row) == Standing::Good => {
                    return Err(faulty(&cause));
                }
                Err(_) => {}
            }
        }
        Ok(())
    };
    // What is known by then is shown.
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or(Ok(()))
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
    columns.insert(row_members::KEY.into(), row.key.clone().into());
    columns
}

#[cfg(test)]
mod tests;
