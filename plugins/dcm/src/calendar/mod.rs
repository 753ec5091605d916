//! Business hours of a tenant: in which hours of which days deadlines run.
//!
//! Business hours are elapsed time: a day from 8:00 to 16:00 has 8 of them, also where the clocks
//! change in between.

pub mod day;
pub mod document;
pub mod holidays;
pub mod hours;
pub mod zone;

pub use document::Calendar;
