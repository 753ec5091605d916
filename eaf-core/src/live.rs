//! What tells the rest of the house that the log has grown, or a view.

mod doorbell;
mod feed;
mod listener;
mod platform;

pub use doorbell::{Doorbell, Ring};
pub use feed::{Change, Feed};
pub use platform::{Appended, Error as PlatformError, PlatformFeed, Vector};
