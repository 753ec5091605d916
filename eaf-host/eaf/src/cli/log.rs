//! `eaf stream|events …`: what is in the log, for operators. Personal fields stay sealed.

use super::outage::wait_out;
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

/// Of a stream at most.
const SHOWN: u32 = 10_000;
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub enum StreamCommand {
    /// Show the events of one thing.
    Show {
        /// With the plugin in front: counter/counter/….
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
    /// Show what was appended, of one tenant with types and streams, of all without.
    Tail {
        /// Absent: all tenants, and of each only which positions there are.
        #[arg(long, value_name = "SLUG")]
        tenant: Option<String>,
        /// Only what comes after this position.
        #[arg(long, value_name = "POSITION", default_value_t = 0, requires = "tenant")]
        after: u64,
        /// Go on until it is stopped.
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
    /// One JSON document per line instead of a table.
    #[arg(long)]
    json: bool,
    /// With the payload as it is stored. It is customer data; what is personal in it stays sealed.
    #[arg(long)]
    data: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("the tenant has no stream {0}; a name has the plugin in front, such as counter/counter/…")]
struct NoStream(String);

pub async fn stream(command: StreamCommand) -> Outcome {
    let StreamCommand::Show { stream, tenant, output, configuration } = command;
    let core = compose::core(&configuration.load()?).await?;
    let tenant = find(&core, tenant).await?;
    let mut tx = core.db.tenant(tenant).await?;
    let events = event_store::read_stream(&mut tx, StreamId::derive(tenant, &stream), SHOWN).await?;
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

/// What was shown of one tenant's log, and how far that log is known to go.
struct Shown {
    after: u64,
    known: u64,
}

async fn tail(core: &Core, tenant: TenantId, after: u64, follow: bool, output: &Output) -> Outcome {
    let mut feed = PlatformFeed::after(&core.db, &core.doorbell, Vector::default());
    let mut shown = Shown { after, known: 0 };
    loop {
        match show_next(core, tenant, &mut feed, &mut shown, (follow, output)).await {
            Ok(()) if !follow => return Ok(ExitCode::SUCCESS),
            Ok(()) => {}
            Err(error) if follow => wait_out(error).await?,
            Err(error) => return Err(error),
        }
    }
}

/// The feed says how far the log goes; the events are read up to there. After an error it is called
/// again and goes on behind what was shown.
async fn show_next(
    core: &Core,
    tenant: TenantId,
    feed: &mut PlatformFeed,
    shown: &mut Shown,
    (follow, output): (bool, &Output),
) -> Result<(), Box<dyn Error>> {
    if shown.known <= shown.after {
        let news = if follow { feed.next().await? } else { feed.poll().await? };
        shown.known = news.iter().find(|news| news.tenant == tenant).map_or(0, |news| news.last.pos);
    }
    while shown.after < shown.known {
        let mut tx = core.db.tenant(tenant).await?;
        let events = event_store::read_after(&mut tx, shown.after, PAGE).await?;
        tx.commit().await?;
        let Some(end) = events.last() else {
            shown.known = shown.after;
            break;
        };
        say(&events.iter().map(|event| output.line(event)).collect::<String>())?;
        shown.after = end.position.pos;
    }
    Ok(())
}

async fn tail_all(core: &Core, follow: bool, output: &Output) -> Outcome {
    let slugs: BTreeMap<TenantId, String> = directory::tenants(&core.db).await?.into_iter().collect();
    let mut feed = PlatformFeed::after(&core.db, &core.doorbell, Vector::default());
    loop {
        let news = if follow { feed.next().await } else { feed.poll().await };
        match news {
            Ok(news) => {
                let slug = |tenant| slugs.get(tenant).map_or("?", String::as_str);
                let lines = news.iter().map(|news| output.range(news, slug(&news.tenant)));
                say(&lines.collect::<String>())?;
            }
            Err(error) if follow => {
                wait_out(error).await?;
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

    fn range(&self, news: &Appended, slug: &str) -> String {
        if self.json {
            let mut line = serde_json::to_value(news).unwrap_or(Value::Null);
            line["slug"] = slug.into();
            return format!("{line}\n");
        }
        let restored = if news.restored { "  (the database was restored)" } else { "" };
        format!("{slug:20} {} to {}{restored}\n", news.first, news.last)
    }
}
