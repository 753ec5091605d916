//! Notifications that a view has changed, inside this process and between hosts, and the feed of
//! new positions over all tenants.

mod feed;
mod platform;

pub use feed::{Change, Feed};
pub use platform::{Appended, Error as PlatformError, PlatformFeed, Vector};
