//! Benchmarks of views: the rebuild, a page out of a million rows, and the cost of idle tenants.
//!
//! Run by `make bench`. The plugin is in Rust instead of WebAssembly, so that the figures are the
//! host's.

#[path = "../shared/durable.rs"]
mod durable;
mod idle;
mod ledger;
mod list;
mod rebuild;
#[path = "../shared/verdict.rs"]
mod verdict;

use eaf_core::testing::Database;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let named: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |figure: &str| named.is_empty() || named.iter().any(|name| *name == figure);
    let database = Database::fresh().await;
    durable::refuse_unless_durable(&database).await;
    if wanted("rebuild") {
        rebuild::bench(&database).await;
    }
    let database = Database::fresh().await;
    if wanted("list") {
        list::bench(&database).await;
    }
    let database = Database::fresh().await;
    if wanted("idle") {
        idle::bench(&database).await;
    }
}
