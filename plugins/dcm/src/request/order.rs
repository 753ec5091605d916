//! Order: the machines that one submission requests together, one request per machine, so that each
//! machine has an approval, a build and a result of its own.
//!
//! A cost limit of a policy holds for the whole order, because otherwise a costly group of machines
//! would pass as cheap ones.

use super::{Request, Spec, Status, stream};
use eaf_sdk::{Boundary, Streams};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximum number of machines of one order. A command may read 32 streams: two for each machine, of
/// its request and of its name, and those of the offering, the policies and the calendar.
pub const MACHINES_MAX: usize = 14;

/// Maximum number of events of one command, which is a limit of the host.
pub const EVENTS_MAX: usize = 256;

/// Order to which a request belongs, and its line there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Order {
    /// Id of the order: that of the command, which is also the id of the request of line 1.
    pub id: String,
    /// Number of the line, from 1.
    pub line: u32,
    /// Number of lines of the order, at least 2.
    pub lines: u32,
}

impl Order {
    /// Ids of the requests of the other lines.
    pub fn others(&self) -> impl Iterator<Item = String> + '_ {
        (1..=self.lines).filter(|line| *line != self.line).map(|line| request_id(&self.id, line))
    }
}

/// Id of the request of a line: the order's id for line 1. For the others, the id is a UUIDv8: the
/// order's id, a UUIDv5, with the line added to its last byte. So a repetition of the command
/// creates no request again.
pub fn request_id(order: &str, line: u32) -> String {
    let (Some(begin), Some(middle), Some(last)) = (order.get(..14), order.get(15..34), order.get(34..)) else {
        return order.into();
    };
    match u8::from_str_radix(last, 16) {
        Ok(last) if line > 1 => format!("{begin}8{middle}{:02x}", last.wrapping_add(line as u8)),
        _ => order.into(),
    }
}

/// Number and cost of the other machines of an order. An ended request without a machine does not
/// count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Others {
    pub machines: u32,
    /// Cost per month, in cents.
    pub monthly_cents: i64,
    /// Cost over the whole term, in cents.
    pub total_cents: i64,
}

impl Others {
    /// Other machines of the order of a request, as they are requested at present. The streams of
    /// [`others_of`] must be loaded.
    pub fn of(request: &Request, streams: &Streams) -> Self {
        let order = request.spec().order;
        let ids = order.iter().flat_map(Order::others);
        let others = ids.filter_map(|id| streams.fold::<Request>(&stream(&id)));
        let counted = others.filter(|other| !is_without_machine(other.status)).filter_map(|other| other.spec);
        counted.fold(Others::default(), |others, spec| others.plus(1, &spec))
    }

    pub fn plus(self, machines: u32, spec: &Spec) -> Self {
        Others {
            machines: self.machines.saturating_add(machines),
            monthly_cents: self.monthly_cents.saturating_add(spec.monthly_cents.saturating_mul(machines.into())),
            total_cents: self.total_cents.saturating_add(spec.total_cents().saturating_mul(machines.into())),
        }
    }
}

/// Boundary with the requests of the other lines of an order, whose cost a revision depends on.
pub fn others_of(boundary: Boundary, request: &Request) -> Boundary {
    let order = request.spec().order;
    order.iter().flat_map(Order::others).fold(boundary, |boundary, id| boundary.guard(stream(&id)))
}

fn is_without_machine(status: Status) -> bool {
    matches!(status, Status::Rejected | Status::Withdrawn | Status::Expired | Status::Cancelled)
}

/// Columns of a request's order, which the views of requests and approvals have in common.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OrderColumns {
    /// Id of the order; `None`: the request was submitted alone.
    pub order_id: Option<String>,
    pub order_line: Option<u32>,
    pub order_lines: Option<u32>,
}

impl From<&Spec> for OrderColumns {
    fn from(spec: &Spec) -> Self {
        let order = spec.order.as_ref();
        OrderColumns {
            order_id: order.map(|order| order.id.clone()),
            order_line: order.map(|order| order.line),
            order_lines: order.map(|order| order.lines),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::is_id;
    use std::collections::BTreeSet;

    #[test]
    fn each_line_has_an_id_of_its_own_and_line_1_that_of_the_order() {
        for order in ["0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7a11", "0c9a0f3e-5d5e-5d3b-9f6c-0b8f2f6f7aff"] {
            let ids: Vec<String> = (1..=20).map(|line| request_id(order, line)).collect();
            assert_eq!(ids[0], order);
            assert!(ids.iter().all(|id| is_id(id)), "{ids:?}");
            assert!(ids[1..].iter().all(|id| id.as_bytes()[14] == b'8'), "{ids:?}");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 20);
        }
    }
}
