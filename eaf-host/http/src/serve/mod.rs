//! HTTP server: accepts connections and closes those that only hold resources.
//!
//! Incomplete requests, unread responses and idle connections each hold a descriptor and memory.
//! Each has a limit, so that the host is safe without an ingress. An idle connection stays open
//! longer than common proxies keep one, because the side that closes first may lose a request in
//! flight; when connections become scarce, idle ones are closed early.

mod activity;
mod tracked;

use super::client_address::Peer;
use activity::Activity;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tower::ServiceExt;
use tracked::{TrackedBody, TrackedStream};

/// Maximum size of a request's line and headers, in bytes. Common proxies accept only 8 to 16 KiB.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// Delay before the next accept after one that failed, such as for lack of descriptors.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(500);

/// Maximum number of connections, and time-outs of one connection.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    /// Maximum time from the first byte of a request to the end of its headers.
    pub head: Duration,
    /// Maximum time of a connection without a request.
    pub idle: Duration,
    /// Maximum time of a connection without a request while the server is crowded: more than half
    /// of the connections are in use, or the system refuses more.
    pub idle_when_crowded: Duration,
    /// Maximum time in which the client reads nothing of a response.
    pub stalled: Duration,
    /// Interval at which the time-outs of a connection are checked.
    pub check_interval: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 4096,
            head: Duration::from_secs(10),
            // This is above the 600 s of Google's load balancer; others keep idle connections for
            // less.
            idle: Duration::from_secs(620),
            idle_when_crowded: Duration::from_secs(5),
            stalled: Duration::from_secs(60),
            check_interval: Duration::from_secs(2),
        }
    }
}

impl Limits {
    /// Limits of the management port, whose clients are probes and scrapers.
    pub fn management() -> Self {
        Limits { connections: 64, idle: Duration::from_secs(120), ..Limits::default() }
    }
}

/// Serves until `stop` completes, then completes the requests in progress.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let capacity = Arc::new(Capacity::new(limits.connections));
    let open = GracefulShutdown::new();
    let accepting = async {
        loop {
            let slot = capacity.slot().await;
            let (stream, peer) = accept(&listener, &capacity).await;
            let connection =
                Connection { router: router.clone(), peer: Peer(peer), limits, capacity: capacity.clone() };
            tokio::spawn(connection.serve(stream, open.watcher(), slot));
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    drop(listener);
    open.shutdown().await;
}

async fn accept(listener: &TcpListener, capacity: &Capacity) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                capacity.exhausted.store(false, Ordering::Relaxed);
                return (stream, peer.ip());
            }
            Err(cause) => {
                capacity.exhausted.store(true, Ordering::Relaxed);
                tracing::warn!(error = &cause as &dyn std::error::Error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

/// Connections in use, and whether more are possible.
struct Capacity {
    slots: Arc<Semaphore>,
    size: usize,
    /// Whether the system refuses connections at present, such as for lack of descriptors.
    exhausted: AtomicBool,
}

impl Capacity {
    fn new(size: usize) -> Self {
        Capacity { slots: Arc::new(Semaphore::new(size)), size, exhausted: AtomicBool::new(false) }
    }

    async fn slot(&self) -> OwnedSemaphorePermit {
        self.slots.clone().acquire_owned().await.expect("the semaphore is never closed")
    }

    fn is_crowded(&self) -> bool {
        self.slots.available_permits() <= self.size / 2 || self.exhausted.load(Ordering::Relaxed)
    }
}

struct Connection {
    router: Router,
    peer: Peer,
    limits: Limits,
    capacity: Arc<Capacity>,
}

impl Connection {
    /// Serves one connection and releases its slot at the end.
    async fn serve(self, stream: TcpStream, watcher: Watcher, _slot: OwnedSemaphorePermit) {
        // Send small responses without waiting for acknowledgements.
        let _not_supported = stream.set_nodelay(true);
        let activity = Arc::new(Activity::new(Instant::now()));
        let io = TokioIo::new(TrackedStream::new(stream, activity.clone()));
        let (router, peer, seen) = (self.router.clone(), self.peer, activity.clone());
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            answer(router.clone(), seen.clone(), request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(MAX_HEAD_BYTES)
            .serve_connection(io, service);
        tokio::select! {
            ended = watcher.watch(connection) => {
                if let Err(cause) = ended {
                    tracing::debug!(error = &cause as &dyn std::error::Error, "a connection ended with an error");
                }
            }
            reason = self.overdue(&activity) => tracing::debug!(reason, "a connection was closed"),
        }
    }

    async fn overdue(&self, activity: &Activity) -> &'static str {
        loop {
            tokio::time::sleep(self.limits.check_interval).await;
            if let Some(reason) = activity.overdue(&self.limits, self.capacity.is_crowded(), Instant::now()) {
                return reason;
            }
        }
    }
}

/// Answers a request. The connection is busy until the last byte of the response is handed over.
async fn answer(
    router: Router,
    activity: Arc<Activity>,
    request: Request,
) -> Result<Response<TrackedBody>, Infallible> {
    let busy = activity.busy();
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| TrackedBody::new(body, busy)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_server_is_crowded_at_half_capacity_or_without_descriptors() {
        let capacity = Capacity::new(4);
        let one = capacity.slot().await;
        assert!(!capacity.is_crowded());
        let two = capacity.slot().await;
        assert!(capacity.is_crowded());
        drop((one, two));
        capacity.exhausted.store(true, Ordering::Relaxed);
        assert!(capacity.is_crowded());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let _client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("queued");
        accept(&listener, &capacity).await;
        assert!(!capacity.is_crowded(), "the system accepts again");
    }
}
