//! `eaf verify`: verifies the hash chains of the tenants' logs, and of the platform's acts.

use super::serve::Configuration;
use super::{NoTenant, Outcome, say};
use crate::compose;
use eaf_core::audit::platform;
use eaf_core::id::TenantId;
use eaf_core::verify::{self, Report};
use eaf_core::{Core, directory, live};
use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// Maximum number of tenants that are verified concurrently. The number is low, because
/// verifications are bound by the processor.
const MAX_CONCURRENT: usize = 2;

#[derive(clap::Args)]
pub struct Args {
    /// Slug of the only tenant to verify. Absent: all tenants and the platform.
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Print one JSON document instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    configuration: Configuration,
}

/// Verifies the tenants and the platform. The exit code is 1 if there are findings.
pub async fn run(args: Args) -> Outcome {
    let core = compose::core(&args.configuration.load()?).await?;
    let only_one = args.tenant.is_some();
    let mut tenants = directory::tenants(&core.db).await?;
    if let Some(slug) = args.tenant {
        tenants.retain(|(_, known)| *known == slug);
        if tenants.is_empty() {
            return Err(Box::new(NoTenant(slug)));
        }
    }
    let bar = Arc::new(ProgressBar::new(&core, &tenants).await?);
    let slots = Arc::new(Semaphore::new(MAX_CONCURRENT));
    let mut tasks = JoinSet::new();
    for (tenant, slug) in tenants {
        let (core, bar, slots) = (core.clone(), bar.clone(), slots.clone());
        tasks.spawn(async move {
            let _slot = slots.acquire_owned().await;
            verify::verify(&core.db, tenant, |events| bar.add(events)).await.map(|report| (slug, report))
        });
    }
    let mut reports = Vec::new();
    while let Some(report) = tasks.join_next().await {
        reports.push(report??);
    }
    bar.end();
    reports.sort_by(|(a, _), (b, _)| a.cmp(b));
    let platform = match only_one {
        true => None,
        false => Some(platform::verify(&core.db).await?),
    };
    let sound = reports.iter().all(|(_, report)| report.findings.is_empty())
        && platform.as_ref().is_none_or(|(_, findings)| findings.is_empty());
    say(&if args.json { json(&reports, platform)? } else { table(&reports, platform) })?;
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Chain hash at the head of the platform's acts, and the findings of their verification. `None`:
/// the platform was not verified.
type Platform = Option<(String, Vec<String>)>;

fn json(reports: &[(String, Report)], platform: Platform) -> Result<String, serde_json::Error> {
    let mut entries: Vec<serde_json::Value> = reports
        .iter()
        .map(|(slug, report)| {
            let mut entry = serde_json::to_value(report)?;
            entry["slug"] = slug.as_str().into();
            Ok(entry)
        })
        .collect::<Result<_, serde_json::Error>>()?;
    let of_platform = |(head, findings)| serde_json::json!({ "platform": { "head": head, "findings": findings } });
    entries.extend(platform.map(of_platform));
    Ok(serde_json::to_string_pretty(&entries)? + "\n")
}

fn table(reports: &[(String, Report)], platform: Platform) -> String {
    let mut text = String::new();
    for (slug, report) in reports {
        let count = report.findings.len() + report.more;
        let verdict = if count == 0 { "sound".to_owned() } else { format!("{count} FINDINGS") };
        text += &format!("{slug:20} {:>12} events  {verdict:14} head {}\n", report.events, &report.head[..16]);
        let waiting = match report.not_anchored {
            0 => String::new(),
            rows => format!("  {rows} rows not anchored yet"),
        };
        let (none, head) = ("", &report.anchor_head[..16]);
        text += &format!("{none:20} {:>12} anchors {none:14} head {head}{waiting}\n", report.anchors);
        for finding in &report.findings {
            text += &format!("  {finding}\n");
        }
        if report.more > 0 {
            text += &format!("  … and {} more\n", report.more);
        }
    }
    if let Some((head, findings)) = platform {
        let verdict = if findings.is_empty() { "sound".to_owned() } else { format!("{} FINDINGS", findings.len()) };
        text += &format!("{:20} {:>12} acts    {verdict:14} head {head:.16}\n", "the platform", "");
        text.extend(findings.iter().map(|finding| format!("  {finding}\n")));
    }
    text
}

/// Progress bar of a verification, shown on a terminal only.
struct ProgressBar {
    on_terminal: bool,
    total: u64,
    done: AtomicU64,
    since: Instant,
}

impl ProgressBar {
    async fn new(core: &Core, tenants: &[(TenantId, String)]) -> Result<ProgressBar, live::PlatformError> {
        let heads = live::PlatformFeed::after(&core.db, &core.doorbell, live::Vector::default()).poll().await?;
        let heads = heads.iter().filter(|head| tenants.iter().any(|(tenant, _)| *tenant == head.tenant));
        let total = heads.map(|head| head.last.pos).sum();
        Ok(ProgressBar {
            on_terminal: std::io::stderr().is_terminal(),
            total,
            done: AtomicU64::new(0),
            since: Instant::now(),
        })
    }

    fn add(&self, events: u64) {
        let done = self.done.fetch_add(events, Ordering::Relaxed) + events;
        if self.on_terminal {
            let share = (done * 100).checked_div(self.total).unwrap_or(100);
            let rate = done as f64 / self.since.elapsed().as_secs_f64().max(0.001);
            eprint!("\r{share:>3} %  {done} of {} events, {rate:.0} a second ", self.total);
            let _ = std::io::stderr().flush();
        }
    }

    fn end(&self) {
        if self.on_terminal {
            eprintln!();
        }
    }
}
