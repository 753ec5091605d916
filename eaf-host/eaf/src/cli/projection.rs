//! `eaf projection …`: prints the progress of views, and rebuilds them into a new copy.

use super::by::Administration;
use super::outage::wait_if_transient;
use super::{NoTenant, Outcome, say};
use clap::{Args, Subcommand};
use eaf_capability::text::plain;
use eaf_core::consumers::rebuild::{self, Difference};
use eaf_core::consumers::{self, ParkedTenant, Status};
use eaf_core::id::TenantId;
use eaf_core::view::State;
use eaf_core::{Core, directory};
use std::collections::BTreeMap;
use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use time::format_description::well_known::Rfc3339;

const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Time without progress of a rebuild after which a warning asks whether a host is running.
const STALL_WARNING: Duration = Duration::from_secs(10);

#[derive(Subcommand)]
pub enum Command {
    /// Print the progress of each copy of each view, over all tenants.
    Status {
        #[command(flatten)]
        output: Output,
    },
    /// Start to rebuild a view into a new copy. The hosts do the work.
    Rebuild {
        view: View,
        /// Wait until the new copy has caught up with the log.
        #[arg(long)]
        wait: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Compare the rebuilt copy of a view with the live one, row by row.
    Diff {
        view: View,
        #[command(flatten)]
        output: Output,
    },
    /// Compare the rebuilt copy of a view with the live one, and make the rebuilt copy live.
    Switch {
        view: View,
        /// Make the rebuilt copy live even if its rows differ from those of the live copy.
        #[arg(long)]
        accept: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Make the previous copy of a view the live one again.
    Back {
        view: View,
        #[command(flatten)]
        output: Output,
    },
    /// Drop the copies of a view that are not live.
    Cancel {
        view: View,
        #[command(flatten)]
        output: Output,
    },
    /// Retry the parked consumers of a view in one tenant now, before their next attempt is due.
    Retry {
        view: View,
        #[arg(long, value_name = "SLUG")]
        tenant: String,
        #[command(flatten)]
        output: Output,
    },
}

#[derive(Args)]
pub struct Output {
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    administration: Administration,
}

/// Name of a view, written as `plugin/view`.
#[derive(Clone)]
pub struct View {
    plugin: String,
    view: String,
}

impl std::str::FromStr for View {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (plugin, view) = text.split_once('/').ok_or("a view is named with its product: counter/counters")?;
        Ok(View { plugin: plugin.to_owned(), view: view.to_owned() })
    }
}

pub async fn run(command: Command) -> Outcome {
    match command {
        Command::Status { output } => {
            let core = output.core().await?;
            let copies = consumers::status(&core.db, core.ambient.now()).await?;
            output.print(&copies, || copies.iter().map(line).collect())
        }
        Command::Rebuild { view, wait, output } => rebuild(view, wait, &output).await,
        Command::Diff { view, output } => diff(&view, &output).await,
        Command::Switch { view, accept, output } => {
            let core = output.core().await?;
            let tenants = directory::tenants(&core.db).await?;
            let ids: Vec<TenantId> = tenants.iter().map(|(tenant, _)| *tenant).collect();
            let report = rebuild::switch(&core.db, &core.by, &ids, &view.plugin, &view.view, accept).await?;
            print_differences(&output, report, tenants)
        }
        Command::Back { view, output } => {
            let core = output.core().await?;
            let table = rebuild::switch_back(&core.db, &core.by, &view.plugin, &view.view).await?;
            output.print(&table, || format!("{table} is live again\n"))
        }
        Command::Cancel { view, output } => {
            let core = output.core().await?;
            let ids: Vec<TenantId> =
                directory::tenants(&core.db).await?.into_iter().map(|(tenant, _)| tenant).collect();
            let dropped = rebuild::cancel(&core.db, &core.by, &ids, &view.plugin, &view.view).await?;
            output.print(&dropped, || dropped.iter().map(|table| format!("{table} is dropped\n")).collect())
        }
        Command::Retry { view, tenant, output } => {
            let core = output.core().await?;
            let found = directory::tenant_by_slug(&core.db, &tenant).await?.ok_or(NoTenant(tenant))?;
            let parked = consumers::retry(&core.db, &core.by, found.id, &view.plugin, &view.view).await?;
            output.print(&parked, || format!("{parked} parked, to be tried again within seconds\n"))
        }
    }
}

/// Prints the differences of both copies in all tenants. Fails if there are any.
async fn diff(view: &View, output: &Output) -> Outcome {
    let core = output.core().await?;
    let tenants = directory::tenants(&core.db).await?;
    let mut report = Vec::with_capacity(tenants.len());
    for (tenant, _) in &tenants {
        report.push(rebuild::difference(&core.db, *tenant, &view.plugin, &view.view).await?);
    }
    let differs = report.iter().any(|tenant| tenant.differing() > 0);
    print_differences(output, report, tenants)?;
    Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn rebuild(view: View, wait: bool, output: &Output) -> Outcome {
    let core = output.core().await?;
    let table = rebuild::begin(&core.db, &core.by, &view.plugin, &view.view).await?;
    if wait {
        wait_until_built(&core, &table).await?;
    }
    output.print(&table, || {
        let next = if wait { "caught up: compare it with `eaf projection diff`" } else { "the hosts fill it" };
        format!("{table}: {next}\n")
    })
}

/// Waits until the new copy of a view has caught up with the log. The hosts fill the copy, even if
/// this wait is interrupted.
async fn wait_until_built(core: &Core, table: &str) -> Result<(), Box<dyn Error>> {
    let on_terminal = std::io::stderr().is_terminal();
    let (mut last, mut moved, mut warned) = (0, Instant::now(), false);
    loop {
        let copies = match consumers::status(&core.db, core.ambient.now()).await {
            Ok(copies) => copies,
            Err(error) => {
                wait_if_transient(error).await?;
                continue;
            }
        };
        let Some(copy) = copies.iter().find(|copy| copy.table == table) else { return Ok(()) };
        if on_terminal {
            let share = (copy.projected * 100).checked_div(copy.events).unwrap_or(100);
            eprint!("\r{share:>3} %  {} of {} events ", copy.projected, copy.events);
            let _ = std::io::stderr().flush();
        }
        if copy.tenants_behind == 0 {
            if on_terminal {
                eprintln!();
            }
            return Ok(());
        }
        if copy.projected != last {
            (last, moved, warned) = (copy.projected, Instant::now(), false);
        } else if moved.elapsed() > STALL_WARNING && !warned {
            warned = true;
            eprintln!("no progress: is a host running? {} tenants are parked", copy.tenants_parked);
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn line(copy: &Status) -> String {
    let state = match copy.state {
        State::Live => "live",
        State::Building => "building",
        State::Standby => "standby",
    };
    let name = format!("{}/{}", copy.plugin, copy.view);
    let lag = if copy.tenants_behind == 0 {
        "caught up".to_owned()
    } else {
        format!("{} tenants behind, {} parked, {:.0} s", copy.tenants_behind, copy.tenants_parked, copy.lag_seconds)
    };
    let mut text = format!("{name:30} {state:9} {:>12} of {:<12} {lag}\n", copy.projected, copy.events);
    for parked in &copy.parked {
        let ParkedTenant { tenant, position, error, failures, retry_at } = parked;
        let retry_at = retry_at.format(&Rfc3339).unwrap_or_default();
        text += &format!(
            "  {tenant}: parked after position {position} by `{error}`, {failures} times; next attempt at {retry_at}\n    \
             Repair and activate the package, which retries at once, or: eaf projection retry {}/{} --tenant {tenant}\n",
            copy.plugin, copy.view
        );
    }
    text
}

fn print_differences(output: &Output, report: Vec<Difference>, tenants: Vec<(TenantId, String)>) -> Outcome {
    let slugs: BTreeMap<TenantId, String> = tenants.into_iter().collect();
    output.print(&report, || {
        let mut text = String::new();
        for tenant in &report {
            let slug = slugs.get(&tenant.tenant).map_or("?", String::as_str);
            text += &format!(
                "{slug:20} {} equal, {} changed, {} only in the live copy, {} only in the new one\n",
                tenant.same, tenant.changed, tenant.only_live, tenant.only_building
            );
            for row in &tenant.rows {
                let what = match (row.in_live, row.in_building) {
                    (true, false) => "is missing in the new copy".to_owned(),
                    (false, true) => "is new".to_owned(),
                    _ => format!("differs in {}", row.columns.join(", ")),
                };
                text += &format!("  {} {what}\n", plain::line(&row.key));
            }
        }
        text
    })
}

impl Output {
    async fn core(&self) -> Result<Core, Box<dyn Error>> {
        Ok(self.administration.core().await?.1)
    }

    fn print(&self, document: &impl serde::Serialize, text: impl FnOnce() -> String) -> Outcome {
        say(&if self.json { serde_json::to_string_pretty(document)? + "\n" } else { text() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    #[test]
    fn a_parked_tenant_is_shown_with_position_error_and_remedy() {
        let parked = ParkedTenant {
            tenant: "acme".into(),
            position: 41,
            error: "project: trap".into(),
            failures: 3,
            retry_at: OffsetDateTime::UNIX_EPOCH,
        };
        let (plugin, view, table) = ("loans".into(), "items".into(), "v_1".into());
        let (tenants_behind, tenants_parked, lag_seconds) = (1, 1, 9.0);
        let (state, parked) = (State::Live, vec![parked]);
        let (events, projected) = (50, 41);
        let text = line(&Status {
            plugin,
            view,
            state,
            table,
            events,
            projected,
            tenants_behind,
            tenants_parked,
            parked,
            lag_seconds,
        });
        for part in ["acme", "position 41", "`project: trap`", "3 times", "1970-01-01T00:00:00Z"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("eaf projection retry loans/items --tenant acme"), "{text}");
    }
}
