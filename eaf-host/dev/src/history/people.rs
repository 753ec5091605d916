//! People of the history.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Person {
    Hannah,
    Aylin,
    Mateusz,
    /// Manager of the three requesters.
    Stefan,
    /// Member of the group of the finance department, as is Tobias.
    Grace,
    Tobias,
    /// Holder of the permission to approve, and deputy of Stefan.
    Ingrid,
    Petra,
}

impl Person {
    pub const ALL: [Person; 8] = [
        Person::Hannah,
        Person::Aylin,
        Person::Mateusz,
        Person::Stefan,
        Person::Grace,
        Person::Tobias,
        Person::Ingrid,
        Person::Petra,
    ];

    pub fn account(self) -> &'static str {
        match self {
            Person::Hannah => "requester@nordwind",
            Person::Aylin => "developer@nordwind",
            Person::Mateusz => "analyst@nordwind",
            Person::Stefan => "manager@nordwind",
            Person::Grace => "finance@nordwind",
            Person::Tobias => "controller@nordwind",
            Person::Ingrid => "approver@nordwind",
            Person::Petra => "admin@nordwind",
        }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.account())
    }
}
