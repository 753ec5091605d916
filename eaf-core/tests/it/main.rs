//! The core on real PostgreSQL, as the restricted roles. Needs `EAF_TEST_SUPERUSER_URL` (see `eaf_core::testing`).

mod append;
mod appender;
mod audit_trail;
mod catalogue;
mod chain;
mod command_bus;
mod directory;
mod doorbell;
mod dump;
mod erasure;
mod guestbook;
mod history;
mod isolation;
mod journal;
mod operations;
mod personal;
mod platform_feed;
mod pooler;
mod rebuild;
mod session;
mod storm;
mod toy;
mod triggers;
mod verify;
mod views;
