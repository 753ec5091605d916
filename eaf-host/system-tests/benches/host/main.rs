//! Benchmark of the host: a command's round trip over HTTP, the share of the round trip that is
//! spent in WebAssembly, and the time to create an instance.
//!
//! [`compared`] measures a list of 20 rows and a command beside plain handlers, and [`telemetry`]
//! the cost of logs and traces; `-- compared` and `-- telemetry` run one alone.
//!
//! `make bench` runs the benchmark against the real process and reads the shares from the process's
//! own metrics, so that the benchmark measures what production measures. The product is
//! `examples/counter`: one stream, one event, one view.

mod compared;
mod load;
mod plain;
mod telemetry;
#[path = "../../../../eaf-core/benches/shared/verdict.rs"]
mod verdict;

use eaf_system_tests::person::Person;
use eaf_system_tests::system::System;
use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};

const COMMANDS: usize = 1_000;
const WARM: usize = 100;
const CALLERS: usize = 8;

#[tokio::main]
async fn main() {
    // `cargo bench` passes `--bench`; `cargo test --benches` passes nothing and must not run for
    // half a minute.
    let is_asked_for = |word: &str| std::env::args().any(|argument| argument == word);
    if is_asked_for(plain::ARGUMENT) {
        return plain::serve().await;
    }
    if !is_asked_for("--bench") {
        return;
    }
    let mut system = System::measured().await;
    let people = system.people().await;
    let person = people.admin.clone();
    for n in 0..WARM {
        increment(&person, &format!("warm-{n}")).await;
    }

    let (compared, telemetry) = (is_asked_for("compared"), is_asked_for("telemetry"));
    if !compared && !telemetry {
        alone(&system, &person).await;
    }
    if !telemetry {
        compared::run(&system, &people).await;
    }
    if !compared {
        telemetry::run(&mut system, &person).await;
    }
    system.finish().await;
}

/// Measures commands of one caller, and the share of each part of a command; then eight concurrent
/// callers.
async fn alone(system: &System, person: &Person) {
    let before = Metrics::read(system).await;
    let mut times = Vec::new();
    for n in 0..COMMANDS {
        times.push(increment(person, &format!("one-{}", n % 50)).await);
    }
    let after = Metrics::read(system).await;
    times.sort();
    let total: Duration = times.iter().sum();
    let command = after.since(&before, "eaf_command_seconds", "plugin=\"counter\"");
    let decide = after.since(&before, "eaf_domain_call_seconds", "plugin=\"counter\",export=\"decide\"");
    let boundary = after.since(&before, "eaf_domain_call_seconds", "plugin=\"counter\",export=\"boundary\"");
    let append = after.since(&before, "eaf_append_seconds", "plugin=\"counter\"");
    let instance = after.since(&before, "eaf_instantiation_seconds", "plugin=\"counter\",component=\"domain\"");

    println!("one caller, {COMMANDS} commands over HTTP, one after the other");
    println!(
        "  round trip           median {:>7.2} ms   p95 {:>7.2} ms",
        ms(times[COMMANDS / 2]),
        ms(times[COMMANDS * 95 / 100])
    );
    println!(
        "  inside the bus       mean   {:>7.2} ms   {:>3.0} % of the round trip",
        command.mean_ms(),
        share(&command, total)
    );
    println!("  append               mean   {:>7.2} ms   {:>3.0} %", append.mean_ms(), share(&append, total));
    println!(
        "  in WebAssembly       mean   {:>7.2} ms   {:>3.0} %   (boundary {:.0} calls, decide {:.0} calls, instances included)",
        (boundary.sum + decide.sum) * 1e3 / COMMANDS as f64,
        share(&boundary, total) + share(&decide, total),
        boundary.count,
        decide.count,
    );
    println!("  a fresh instance     mean   {:>7.1} µs   over {:.0} of them", instance.mean_ms() * 1e3, instance.count);

    let began = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let person = person.clone();
        running.spawn(async move {
            for n in 0..COMMANDS / CALLERS {
                increment(&person, &format!("many-{caller}-{n}")).await;
            }
        });
    }
    running.join_all().await;
    println!("{CALLERS} callers: {:.0} commands per second", COMMANDS as f64 / began.elapsed().as_secs_f64());
}

async fn increment(person: &Person, counter: &str) -> Duration {
    let began = Instant::now();
    let body = json!({ "name": counter, "by": 1 });
    person.call(Method::POST, "/api/counter/commands/increment", None, Some(&body)).await.ok();
    began.elapsed()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn share(part: &Part, total: Duration) -> f64 {
    part.sum / total.as_secs_f64() * 100.0
}

/// Histogram of the host's metrics over an interval: the sum in seconds, and the count.
struct Part {
    sum: f64,
    count: f64,
}

impl Part {
    fn mean_ms(&self) -> f64 {
        self.sum / self.count * 1e3
    }
}

struct Metrics(String);

impl Metrics {
    async fn read(system: &System) -> Metrics {
        let management = &system.host.as_ref().expect("the host runs").management;
        let answer = reqwest::get(format!("{management}/actuator/prometheus")).await.expect("metrics");
        Metrics(answer.text().await.expect("text"))
    }

    fn since(&self, before: &Metrics, name: &str, labels: &str) -> Part {
        let of = |suffix: &str| {
            self.total(&format!("{name}{suffix}"), labels) - before.total(&format!("{name}{suffix}"), labels)
        };
        let part = Part { sum: of("_sum"), count: of("_count") };
        assert!(part.count > 0.0, "{name}{{{labels}}} did not move: is it still called so?");
        part
    }

    /// Sums all series of a metric that carry these labels.
    fn total(&self, name: &str, labels: &str) -> f64 {
        let carries =
            |line: &str| line.starts_with(&format!("{name}{{")) && labels.split(',').all(|label| line.contains(label));
        self.0
            .lines()
            .filter(|line| carries(line))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}
