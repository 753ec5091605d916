//! Settings of the egress policy: the servers that the host connects to for a tenant.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_capability::egress::{self, Rule};

pub const SECTION: Section = Section {
    title: "Egress",
    about: "Servers that connections of tenants may name: `docs/guides/egress.md`. Refused unless a rule names exactly the address: this machine, \
            link-local and metadata addresses, and the installation's own database, identity provider and public address.",
    keys: &[ALLOW],
};

const ALLOW: Key = Key {
    name: "egress.allow",
    variable: "EAF_EGRESS_ALLOW",
    default: Default::Absent,
    kind: Kind::Plain,
    about: "Rules, separated by commas: `vsphere@acme vcenter.acme.example:443`, `mail 10.20.0.0/16:587`. A capability with rules reaches \
            nothing else. Absent: every address that is not refused, on the capability's usual ports.",
};

pub struct Egress {
    pub rules: Vec<Rule>,
}

pub fn read(values: &mut Values) -> Option<Egress> {
    let text = values.text(&ALLOW).unwrap_or_default();
    let purposes = egress::purposes();
    let lines = text.split([',', '\n']).map(str::trim).filter(|line| !line.is_empty());
    let rules: Result<Vec<Rule>, _> = lines.map(|line| Rule::parse(line, &purposes)).collect();
    match rules {
        Ok(rules) => Some(Egress { rules }),
        Err(invalid) => {
            values.refuse(&ALLOW, &format!("a list of rules ({invalid})"));
            None
        }
    }
}
