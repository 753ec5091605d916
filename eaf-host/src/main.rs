//! The EAF host.
mod capabilities;
fn main() {}
