//! Notifications that a log or a view has changed, inside this process and between hosts.

mod doorbell;
mod feed;
mod listener;
mod platform;

pub use doorbell::{Doorbell, Ring};
pub use feed::{Change, Feed};
pub use platform::{Appended, Error as PlatformError, PlatformFeed, Vector};
