//! Notifications between hosts, by NOTIFY of PostgreSQL. A notification is a hint without data: it
//! may be lost or repeated, so receivers that need every change also poll.

mod listener;

use crate::clock::Ambient;
use crate::db::Db;
use sqlx::postgres::PgPool;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use uuid::Uuid;

const RECONNECT_DELAY: Duration = Duration::from_secs(1);

/// One NOTIFY channel, as one host uses it. PostgreSQL also delivers a notification to its sender,
/// which ignores its own by the sender's id.
#[derive(Clone)]
pub(crate) struct Channel {
    name: &'static str,
    host: Uuid,
    pool: PgPool,
}

impl Channel {
    pub(crate) fn new(db: &Db, ambient: &Ambient, name: &'static str) -> Self {
        Channel { name, host: ambient.uuid(), pool: db.append_pool().clone() }
    }

    /// Sends notifications to the other hosts. A failure is logged, because receivers also poll.
    pub(crate) async fn notify(&self, notifications: impl Iterator<Item = impl Display>) {
        let payloads: Vec<String> = notifications.map(|one| format!("{} {one}", self.host)).collect();
        let sent = sqlx::query("select pg_notify($1, payload) from unnest($2::text[]) payload")
            .bind(self.name)
            .bind(payloads)
            .execute(&self.pool)
            .await;
        if let Err(error) = sent {
            tracing::warn!(channel = self.name, %error, "other hosts could not be notified; they find the change by polling");
        }
    }

    /// Forwards the notifications of other hosts to the receivers of this process, and connects
    /// again when the connection is lost.
    pub(crate) async fn listen<T: FromStr>(self, receivers: broadcast::Sender<T>) {
        loop {
            // Read each time, because the password may have changed.
            let options = self.pool.connect_options();
            let Err(error) = listener::listen(&options, self.name, |payload| self.forward(payload, &receivers)).await;
            tracing::warn!(
                channel = self.name,
                error = &error as &dyn std::error::Error,
                "the connection for notifications was lost"
            );
            tokio::time::sleep(RECONNECT_DELAY).await;
        }
    }

    fn forward<T: FromStr>(&self, payload: &str, receivers: &broadcast::Sender<T>) {
        match parse(payload) {
            Some((from, _)) if from == self.host => {}
            Some((_, notification)) => {
                // Sending fails only without a receiver.
                let _ = receivers.send(notification);
            }
            None => tracing::warn!(channel = self.name, "a notification of unknown format was ignored"),
        }
    }
}

fn parse<T: FromStr>(payload: &str) -> Option<(Uuid, T)> {
    let (from, notification) = payload.split_once(' ')?;
    Some((from.parse().ok()?, notification.parse().ok()?))
}

/// Tasks that send and listen. They are aborted when the value is dropped.
pub(crate) struct Tasks(pub(crate) Vec<JoinHandle<()>>);

impl Drop for Tasks {
    fn drop(&mut self) {
        self.0.iter().for_each(|task| task.abort());
    }
}

/// The payload of a notification has an unknown format.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownFormat;
