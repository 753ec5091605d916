//! The socket: accepts connections, and ends those that only take up room.
//!
//! A request whose headers never end, an answer that nobody takes, and connections that say nothing
//! each hold a descriptor and memory of the host. Each has a limit here, so that the host is safe
//! without an ingress before it. A connection without a request may stay longer than any usual
//! proxy keeps one, because whoever closes first loses a request that is already under way; only
//! when there are many, the quiet ones make room.

mod activity;
mod watched;

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
use watched::{Held, Watched};

/// Line and headers of a request. Proxies stop at 8 to 16 KiB.
const LARGEST_HEAD: usize = 64 * 1024;
/// When a connection cannot be accepted, such as for want of descriptors.
const BREATH: Duration = Duration::from_millis(500);

/// How many connections there may be, and how long each may take for what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub connections: usize,
    /// From the first byte of a request to the end of its headers.
    pub head: Duration,
    /// Without a request.
    pub idle: Duration,
    /// The same when more than half of all connections are taken, or the system gives no more.
    pub idle_when_crowded: Duration,
    /// An answer of which nothing is taken.
    pub stalled: Duration,
    /// How often it is looked.
    pub look_every: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            connections: 4096,
            head: Duration::from_secs(10),
            // Google's load balancer keeps idle connections for ten minutes, others for less.
            idle: Duration::from_secs(620),
            idle_when_crowded: Duration::from_secs(5),
            stalled: Duration::from_secs(60),
            look_every: Duration::from_secs(2),
        }
    }
}

/// Serves until `stop` completes, then finishes what is under way.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) {
    let room = Arc::new(Room::new(limits.connections));
    let open = GracefulShutdown::new();
    let accepting = async {
        loop {
            let slot = room.slot().await;
            let (stream, peer) = accept(&listener, &room).await;
            let connection = Connection { router: router.clone(), peer: Peer(peer), limits, room: room.clone() };
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

async fn accept(listener: &TcpListener, room: &Room) -> (TcpStream, IpAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                room.starved.store(false, Ordering::Relaxed);
                return (stream, peer.ip());
            }
            Err(cause) => {
                room.starved.store(true, Ordering::Relaxed);
                tracing::warn!(error = &cause as &dyn std::error::Error, "a connection could not be accepted");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
}

/// How many connections there are, and whether there is room for more.
struct Room {
    slots: Arc<Semaphore>,
    size: usize,
    /// The system gives no more descriptors, although there would be slots.
    starved: AtomicBool,
}

impl Room {
    fn new(size: usize) -> Self {
        Room { slots: Arc::new(Semaphore::new(size)), size, starved: AtomicBool::new(false) }
    }

    async fn slot(&self) -> OwnedSemaphorePermit {
        self.slots.clone().acquire_owned().await.expect("nobody closes the semaphore")
    }

    fn is_crowded(&self) -> bool {
        self.slots.available_permits() <= self.size / 2 || self.starved.load(Ordering::Relaxed)
    }
}

struct Connection {
    router: Router,
    peer: Peer,
    limits: Limits,
    room: Arc<Room>,
}

impl Connection {
    /// The slot is given back at the end.
    async fn serve(self, stream: TcpStream, watcher: Watcher, _slot: OwnedSemaphorePermit) {
        // Small answers should not wait for the client's acknowledgements.
        let _not_supported = stream.set_nodelay(true);
        let activity = Arc::new(Activity::new(Instant::now()));
        let io = TokioIo::new(Watched::new(stream, activity.clone()));
        let (router, peer, seen) = (self.router.clone(), self.peer, activity.clone());
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            request.extensions_mut().insert(peer);
            answer(router.clone(), seen.clone(), request.map(Body::new))
        });
        let connection = http1::Builder::new()
            .max_header_size(LARGEST_HEAD)
            .max_buf_size(LARGEST_HEAD)
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
            tokio::time::sleep(self.limits.look_every).await;
            if let Some(reason) = activity.overdue(&self.limits, self.room.is_crowded(), Instant::now()) {
                return reason;
            }
        }
    }
}

/// The connection is busy until the answer's last byte is handed over.
async fn answer(router: Router, activity: Arc<Activity>, request: Request) -> Result<Response<Held>, Infallible> {
    let busy = activity.busy();
    let response = router.oneshot(request).await?;
    Ok(response.map(|body| Held::new(body, busy)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn quiet_connections_make_room_when_half_of_it_is_taken_or_the_system_gives_no_more() {
        let room = Room::new(4);
        let one = room.slot().await;
        assert!(!room.is_crowded());
        let two = room.slot().await;
        assert!(room.is_crowded());
        drop((one, two));
        room.starved.store(true, Ordering::Relaxed);
        assert!(room.is_crowded());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let _client = TcpStream::connect(listener.local_addr().expect("bound")).await.expect("queued");
        accept(&listener, &room).await;
        assert!(!room.is_crowded(), "the system gives again");
    }
}
