//! Connections of the compared stores, as many as the appender has. In contrast to a pool of sqlx,
//! taking and returning a connection sends no statement to the server, which would make the
//! compared stores slower.

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub const CONNECTIONS: usize = 12;

#[derive(Clone)]
pub struct Connections {
    free: Arc<Mutex<Vec<PgConnection>>>,
    permits: Arc<Semaphore>,
}

/// Connection that is free for other callers again when this value is dropped.
pub struct Lent {
    conn: Option<PgConnection>,
    free: Arc<Mutex<Vec<PgConnection>>>,
    _permit: OwnedSemaphorePermit,
}

impl Connections {
    pub async fn to(options: &PgConnectOptions) -> Connections {
        let mut free = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut conn = options.connect().await.expect("a connection");
            conn.ping().await.expect("a server");
            free.push(conn);
        }
        Connections { free: Arc::new(Mutex::new(free)), permits: Arc::new(Semaphore::new(CONNECTIONS)) }
    }

    pub async fn take(&self) -> Lent {
        let permit = self.permits.clone().acquire_owned().await.expect("never closed");
        let conn = self.free.lock().expect("not poisoned").pop();
        Lent { conn, free: self.free.clone(), _permit: permit }
    }
}

impl Deref for Lent {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.conn.as_ref().expect("there until it is dropped")
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_mut().expect("there until it is dropped")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // The connection is returned before the permit, whose drop follows.
        self.free.lock().expect("not poisoned").extend(self.conn.take());
    }
}
