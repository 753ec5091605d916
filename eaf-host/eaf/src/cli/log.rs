//! `eaf stream|events …`: prints the log for operators. Personal fields stay sealed.

use super::outage::wait_if_transient;
use super::serve::Configuration;
use super::{NoTenant, Outcome, say};
use crate::compose;
use clap::Subcommand;
use eaf_capability::text::plain;
use eaf_core::event_store::{self, StoredEvent};
use eaf_core::id::{StreamId, TenantId};
use eaf_core::live::{Appended, PlatformFeed, Vector};
use eaf_core::{Core, directory};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;
use time::format_description::well_known::Rfc3339;

/// Maximum number of events of one stream that are printed.
const MAX_EVENTS: u32 = 10_000;
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub enum StreamCommand {
    /// Print the events of one stream.
    Show {
        /// Name of the stream, which begins with the plugin: counter/counter/….
        stream: String,
        #[arg(long, value_name = "SLUG")]
        tenant: String,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        configuration: Configuration,
    },
}

#[derive(Subcommand)]
pub enum EventsCommand {
    /// Print the events of one tenant's log with types and streams, or only the positions in the
    /// logs of all tenants.
    Tail {
        /// Slug of the tenant whose events are printed. Absent: all tenants, with their positions
        /// only.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// Position in the tenant's log after which events are printed.
        #[arg(long, value_name = "POSITION", default_value_t = 0, requires = "tenant")]
        after: u64,
        /// Continue with new events until interrupted.
        #[arg(long)]
        follow: bool,
        #[command(flatten)]
        output: Output,
        #[command(flatten)]
        configuration: Configuration,
    },
}

#[derive(clap::Args)]
pub struct Output {
    /// Print one JSON document per line instead of a table.
    #[arg(long)]
    json: bool,
    /// Print the stored payload, which is customer data. Personal fields stay sealed.
    #[arg(long)]
    data: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the tenant has no stream {0}; a name begins with the plugin, such as counter/counter/…")]
struct NoStream(String);

pub async fn stream(command: StreamCommand) -> Outcome {
    let StreamCommand::Show { stream, tenant, output, configuration } = command;
    let core = compose::core(&configuration.load()?).await?;
    let tenant = find(&core, tenant).await?;
    let mut tx = core.db.tenant(tenant).await?;
    let events = event_store::read_stream(&mut tx, StreamId::derive(tenant, &stream), MAX_EVENTS).await?;
    tx.commit().await?;
    if events.is_empty() {
        return Err(Box::new(NoStream(stream)));
    }
    say(&events.iter().map(|event| output.line(event)).collect::<String>())
}

pub async fn events(command: EventsCommand) -> Outcome {
    let EventsCommand::Tail { tenant, after, follow, output, configuration } = command;
    let core = compose::core(&configuration.load()?).await?;
    match tenant {
        Some(slug) => {
            let tenant = find(&core, slug).await?;
            tail(&core, tenant, after, follow, &output).await
        }
        None => tail_all(&core, follow, &output).await,
    }
}

/// Progress of printing a tenant's log: the position of the last printed event, and the last
/// position that the feed reported.
struct Progress {
    after: u64,
    known: u64,
}

async fn tail(core: &Core, tenant: TenantId, after: u64, follow: bool, output: &Output) -> Outcome {
    let mut feed = PlatformFeed::after(&core.db, &core.doorbell, Vector::default());
    let mut progress = Progress { after, known: 0 };
    loop {
        match print_next(core, tenant, &mut feed, &mut progress, (follow, output)).await {
            Ok(()) if !follow => return Ok(ExitCode::SUCCESS),
            Ok(()) => {}
            Err(error) if follow => wait_if_transient(error).await?,
            Err(error) => return Err(error),
        }
    }
}

/// Prints the tenant's events up to the position that the feed reports. After an error, the next
/// call continues after the last printed event.
async fn print_next(
    core: &Core,
    tenant: TenantId,
    feed: &mut PlatformFeed,
    progress: &mut Progress,
    (follow, output): (bool, &Output),
) -> Result<(), Box<dyn Error>> {
    if progress.known <= progress.after {
        let appended = if follow { feed.next().await? } else { feed.poll().await? };
        progress.known =
            appended.iter().find(|appended| appended.tenant == tenant).map_or(0, |appended| appended.last.pos);
    }
    while progress.after < progress.known {
        let mut tx = core.db.tenant(tenant).await?;
        let events = event_store::read_after(&mut tx, progress.after, PAGE).await?;
        tx.commit().await?;
        let Some(end) = events.last() else {
            progress.known = progress.after;
            break;
        };
        say(&events.iter().map(|event| output.line(event)).collect::<String>())?;
        progress.after = end.position.pos;
    }
    Ok(())
}

async fn tail_all(core: &Core, follow: bool, output: &Output) -> Outcome {
    let slugs: BTreeMap<TenantId, String> = directory::tenants(&core.db).await?.into_iter().collect();
    let mut feed = PlatformFeed::after(&core.db, &core.doorbell, Vector::default());
    loop {
        let appended = if follow { feed.next().await } else { feed.poll().await };
        match appended {
            Ok(appended) => {
                let slug = |tenant| slugs.get(tenant).map_or("?", String::as_str);
                let lines = appended.iter().map(|appended| output.range(appended, slug(&appended.tenant)));
                say(&lines.collect::<String>())?;
            }
            Err(error) if follow => {
                wait_if_transient(error).await?;
                continue;
            }
            Err(error) => return Err(error.into()),
        }
        if !follow {
            return Ok(ExitCode::SUCCESS);
        }
    }
}

async fn find(core: &Core, slug: String) -> Result<TenantId, Box<dyn Error>> {
    Ok(directory::tenant_by_slug(&core.db, &slug).await?.ok_or(NoTenant(slug))?.id)
}

impl Output {
    fn line(&self, event: &StoredEvent) -> String {
        let at = event.at.format(&Rfc3339).unwrap_or_default();
        if self.json {
            let mut line = json!({
                "position": event.position, "at": at, "stream": event.meta.stream, "version": event.version, "type": event.kind,
                "schema": event.schema, "actor": event.meta.actor, "command": event.meta.command_id, "trace_id": event.meta.trace_id,
            });
            if self.data {
                line["data"] = event.data.clone();
            }
            return format!("{line}\n");
        }
        let data = if self.data { format!("  {}", event.data) } else { String::new() };
        format!(
            "{:>10} {at} {:>6} {:32} {} by {}{data}\n",
            event.position.to_string(),
            event.version,
            plain::line(&event.kind),
            plain::line(&event.meta.stream),
            event.meta.actor
        )
    }

    fn range(&self, appended: &Appended, slug: &str) -> String {
        if self.json {
            let mut line = serde_json::to_value(appended).unwrap_or(Value::Null);
            line["slug"] = slug.into();
            return format!("{line}\n");
        }
        let restored = if appended.restored { "  (the database was restored)" } else { "" };
        format!("{slug:20} {} to {}{restored}\n", appended.first, appended.last)
    }
}
