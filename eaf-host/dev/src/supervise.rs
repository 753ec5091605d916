//! `eaf dev`: the whole demo in the foreground, with its services and the host.

use crate::checkout::{self, Checkout};
use crate::idp;
use crate::ports::{self, Ports};
use crate::postgres::{self, Cluster, Durability};
use crate::service::{self, Plan, Service};
use crate::services::{self, SimulatorSpeed};
use crate::state::{self, State};
use crate::{banner, clock, history, host, seed};
use eaf::compose;
use eaf::config::Config;
use eaf::shutdown;
use futures_util::future::select_all;
use metrics_exporter_prometheus::PrometheusHandle;
use std::future::Future;
use std::process::ExitStatus;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Checkout(#[from] checkout::Error),
    #[error(transparent)]
    State(#[from] state::Error),
    #[error(transparent)]
    Ports(#[from] ports::Error),
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error(transparent)]
    Services(#[from] services::Error),
    #[error(transparent)]
    Service(#[from] service::Error),
    #[error(transparent)]
    Idp(#[from] idp::Error),
    #[error(transparent)]
    Host(#[from] host::Error),
    #[error(transparent)]
    Serve(#[from] compose::Error),
    #[error("a part of the demo broke")]
    Part(#[source] tokio::task::JoinError),
}

/// Runs the demo until a signal requests the end. A new demo gets a history if `with_history`.
pub async fn run(
    checkout: &Checkout,
    ports: Ports,
    with_history: bool,
    metrics: PrometheusHandle,
) -> Result<(), Error> {
    let state = State::open(checkout.state_dir())?;
    let _lock = state.lock().await?;
    service::end_leftovers(&state, services::ALL).await?;
    ports.check_free()?;
    state.remember_ports(&ports)?;

    let mut demo = Demo::new(state.clone());
    let result = tokio::select! {
        result = demo.run(checkout, &ports, with_history, metrics) => result,
        _ = shutdown::signal_received() => Ok(()),
    };
    println!("\nStopping …");
    demo.stop().await;
    // A service that was starting when the signal came is not yet among the demo's services.
    service::end_leftovers(&state, services::ALL).await?;
    result
}

struct Demo {
    state: State,
    stop: watch::Sender<bool>,
    /// Tasks of the demo that run inside this process: the identity provider and the host.
    tasks: Vec<JoinHandle<Result<(), Error>>>,
    /// Services of the demo, which run as child processes, in the order of their start.
    services: Vec<(Plan, Service)>,
}

impl Demo {
    fn new(state: State) -> Demo {
        Demo { state, stop: watch::Sender::new(false), tasks: Vec::new(), services: Vec::new() }
    }

    async fn run(
        &mut self,
        checkout: &Checkout,
        ports: &Ports,
        with_history: bool,
        metrics: PrometheusHandle,
    ) -> Result<(), Error> {
        let began = Instant::now();
        let state = self.state.clone();
        let cluster = Cluster::prepare(checkout, &state, ports.postgres, Durability::Full).await?;
        self.start(cluster.plan()).await?;
        host::bootstrap(&state, &cluster).await?;
        let begins = host::is_new(&state) && with_history;
        let history_is_due = begins || history::is_due(&state);
        let speed = if history_is_due { SimulatorSpeed::HISTORY } else { SimulatorSpeed::DEMO };
        self.start(services::vcsim(checkout, &state, ports, &speed)?).await?;
        self.start(services::maildev(checkout, &state, ports)?).await?;
        let secret = host::client_secret(&state)?;
        self.spawn(idp::serve(ports.idp, state.secret("idp-key")?, secret, stopped(&self.stop)));

        let config = host::config(checkout, &state, ports)?;
        host::populate(&state, &config, ports, begins).await?;
        let (config, ambient) = (host::config(checkout, &state, ports)?, clock::ambient(&state));
        self.spawn(compose::serve(config, ambient, metrics, stopped(&self.stop)));
        tokio::select! {
            ready = host::until_ready(ports) => ready?,
            ended = self.watch() => return ended,
        }
        banner::print(ports, began.elapsed());
        self.fill(checkout, ports, history_is_due).await
    }

    /// Creates the content of the demo beside the running host, and watches the demo's parts until
    /// the end.
    async fn fill(&mut self, checkout: &Checkout, ports: &Ports, history_is_due: bool) -> Result<(), Error> {
        let state = self.state.clone();
        let config = host::config(checkout, &state, ports)?;
        tokio::select! {
            () = report("connections and history", history(&config, &state, ports)) => {}
            ended = self.watch() => return ended,
        }
        if history_is_due {
            self.replace(services::vcsim(checkout, &state, ports, &SimulatorSpeed::DEMO)?).await?;
        }
        tokio::select! {
            () = report("offerings and machines", seed::run(&state, ports)) => {}
            ended = self.watch() => return ended,
        }
        self.watch().await
    }

    /// Stops the service of this name and starts it by another plan.
    async fn replace(&mut self, plan: Plan) -> Result<(), Error> {
        if let Some(index) = self.services.iter().position(|(present, _)| present.name == plan.name) {
            self.services.remove(index).1.stop().await;
        }
        self.start(plan).await
    }

    async fn start(&mut self, plan: Plan) -> Result<(), Error> {
        let service = Service::start(&self.state, &plan).await?;
        self.services.push((plan, service));
        Ok(())
    }

    fn spawn<E: Into<Error> + Send>(&mut self, part: impl Future<Output = Result<(), E>> + Send + 'static) {
        self.tasks.push(tokio::spawn(async move { part.await.map_err(Into::into) }));
    }

    /// Restarts a service that ends by itself. Returns when a task of this process ends, because
    /// the demo then ends, too.
    async fn watch(&mut self) -> Result<(), Error> {
        loop {
            let (status, index) = tokio::select! {
                ended = first_to_end(&mut self.services) => ended,
                (ended, ..) = select_all(self.tasks.iter_mut()) => return ended.map_err(Error::Part)?,
            };
            let (plan, service) = &mut self.services[index];
            println!("  {} ended ({}); starting it again", plan.name, status?);
            *service = start_again(&self.state, plan).await?;
            println!("  {} is back", plan.name);
        }
    }

    /// Ends the tasks of this process first, then the services in the reverse order of their start.
    async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if !task.is_finished() && tokio::time::timeout(Duration::from_secs(10), task).await.is_err() {
                tracing::warn!("a part of the demo did not stop in time");
            }
        }
        for (_, service) in self.services.into_iter().rev() {
            service.stop().await;
        }
    }
}

/// Prepares what the demo shows: first the connections, then the history, whose machines need them.
async fn history(config: &Config, state: &State, ports: &Ports) -> Result<(), Box<dyn std::error::Error>> {
    seed::connections(state, ports).await?;
    Ok(history::run(config, state, ports).await?)
}

/// Prints how the preparation of `what` ended. The demo runs without it too.
async fn report<E: Into<Box<dyn std::error::Error>>>(what: &str, part: impl Future<Output = Result<(), E>>) {
    match part.await {
        Ok(()) => println!("  The demo's {what} are there."),
        Err(error) => {
            let error: Box<dyn std::error::Error> = error.into();
            eprintln!("  The demo's {what} could not be prepared: {}", render_error(error.as_ref()));
        }
    }
}

async fn first_to_end(services: &mut [(Plan, Service)]) -> (Result<ExitStatus, service::Error>, usize) {
    let (status, index, _) = select_all(services.iter_mut().map(|(_, service)| Box::pin(service.ended()))).await;
    (status, index)
}

/// Restarts a service, with several attempts, because PostgreSQL refuses its directory until the
/// last backend of a killed server has ended.
async fn start_again(state: &State, plan: &Plan) -> Result<Service, service::Error> {
    const ATTEMPTS: u32 = 5;
    for _ in 1..ATTEMPTS {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Ok(service) = Service::start(state, plan).await {
            return Ok(service);
        }
    }
    Service::start(state, plan).await
}

fn stopped(stop: &watch::Sender<bool>) -> impl Future<Output = ()> + Send + 'static {
    let mut stop = stop.subscribe();
    async move {
        let _sender_gone = stop.wait_for(|stop| *stop).await;
    }
}

fn render_error(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}; because: {inner}");
        cause = inner.source();
    }
    text
}
