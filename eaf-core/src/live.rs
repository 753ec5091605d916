//! What tells the rest of the house that the log has grown, or a view.

mod doorbell;
mod feed;

pub use doorbell::{Doorbell, Ring};
pub use feed::{Change, Feed};
