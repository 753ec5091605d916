//! Business hours of a tenant: the hours of working days, in which the deadlines of approvals run.
//!
//! Business hours are elapsed time: a day from 8:00 to 16:00 has 8 of them, also if the clocks
//! change on that day.

pub mod day;
pub mod document;
pub mod event;
pub mod holidays;
pub mod hours;
pub mod set;
pub mod state;
pub mod view;
pub mod zone;

pub use document::Calendar;
