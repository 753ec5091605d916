//! Accounts of the demo: people of each tenant, some who are invited first, and the platform's
//! operator.

use eaf_core::actor::Locale;

pub struct Account {
    /// Name of the account, and the claim `sub` of its tokens.
    pub name: &'static str,
    /// Slug of the account's tenant; `None` for the operator.
    pub tenant: Option<&'static str>,
    /// Role of the member; [`NEWCOMER`] for a person who is no member at first.
    pub role: &'static str,
    pub given_name: &'static str,
    pub family_name: &'static str,
    pub email: &'static str,
    pub locale: Locale,
}

/// Role of the account that the demo does not add to its tenant, for trying an invitation.
pub const NEWCOMER: &str = "newcomer";

pub const ACCOUNTS: &[Account] = &[
    person("requester@acme", "acme", "requester", ("Lena", "Hoffmann"), "lena.hoffmann@acme.example", Locale::De),
    person("approver@acme", "acme", "approver", ("James", "Carter"), "james.carter@acme.example", Locale::En),
    person("admin@acme", "acme", "admin", ("Miriam", "Vogt"), "miriam.vogt@acme.example", Locale::De),
    person("auditor@acme", "acme", "auditor", ("Oliver", "Brandt"), "oliver.brandt@acme.example", Locale::De),
    person("newcomer@acme", "acme", NEWCOMER, ("Amara", "Okafor"), "amara.okafor@acme.example", Locale::En),
    person("requester@globex", "globex", "requester", ("Priya", "Shah"), "priya.shah@globex.example", Locale::En),
    person("approver@globex", "globex", "approver", ("Jonas", "Richter"), "jonas.richter@globex.example", Locale::De),
    person("admin@globex", "globex", "admin", ("Claire", "Whitman"), "claire.whitman@globex.example", Locale::En),
    person("auditor@globex", "globex", "auditor", ("Katharina", "Böhm"), "katharina.boehm@globex.example", Locale::De),
    Account {
        name: "operator",
        tenant: None,
        role: "operator",
        given_name: "Robin",
        family_name: "Keller",
        email: "robin.keller@operations.example",
        locale: Locale::En,
    },
];

/// People of the tenant with a history of 12 months. Tests without a history do not use them.
pub const WITH_HISTORY: &[Account] = &[
    person(
        "requester@nordwind",
        "nordwind",
        "requester",
        ("Hannah", "Krüger"),
        "hannah.krueger@nordwind.example",
        Locale::De,
    ),
    person(
        "developer@nordwind",
        "nordwind",
        "requester",
        ("Aylin", "Demir"),
        "aylin.demir@nordwind.example",
        Locale::De,
    ),
    person(
        "analyst@nordwind",
        "nordwind",
        "requester",
        ("Mateusz", "Nowak"),
        "mateusz.nowak@nordwind.example",
        Locale::En,
    ),
    person(
        "manager@nordwind",
        "nordwind",
        "requester",
        ("Stefan", "Brenner"),
        "stefan.brenner@nordwind.example",
        Locale::De,
    ),
    person(
        "finance@nordwind",
        "nordwind",
        "requester",
        ("Grace", "Adeyemi"),
        "grace.adeyemi@nordwind.example",
        Locale::En,
    ),
    person(
        "controller@nordwind",
        "nordwind",
        "requester",
        ("Tobias", "Lang"),
        "tobias.lang@nordwind.example",
        Locale::De,
    ),
    person(
        "approver@nordwind",
        "nordwind",
        "approver",
        ("Ingrid", "Solberg"),
        "ingrid.solberg@nordwind.example",
        Locale::En,
    ),
    person("admin@nordwind", "nordwind", "admin", ("Petra", "Schuster"), "petra.schuster@nordwind.example", Locale::De),
    person("auditor@nordwind", "nordwind", "auditor", ("Marek", "Dvořák"), "marek.dvorak@nordwind.example", Locale::En),
];

/// People of an organisation that the demo does not have: an operator can create its tenant and
/// invite the admin, who invites the others.
pub const WITHOUT_TENANT: &[Account] = &[
    person("admin@fabrikam", "fabrikam", NEWCOMER, ("Ingeborg", "Lund"), "ingeborg.lund@fabrikam.example", Locale::En),
    person(
        "requester@fabrikam",
        "fabrikam",
        NEWCOMER,
        ("Rafael", "Costa"),
        "rafael.costa@fabrikam.example",
        Locale::En,
    ),
    person("finance@fabrikam", "fabrikam", NEWCOMER, ("Noor", "Haddad"), "noor.haddad@fabrikam.example", Locale::En),
];

/// All accounts of the demo.
pub fn all() -> impl Iterator<Item = &'static Account> {
    ACCOUNTS.iter().chain(WITH_HISTORY).chain(WITHOUT_TENANT)
}

impl Account {
    pub fn find(name: &str) -> Option<&'static Account> {
        all().find(|account| account.name == name)
    }

    pub fn display_name(&self) -> String {
        format!("{} {}", self.given_name, self.family_name)
    }
}

const fn person(
    name: &'static str,
    tenant: &'static str,
    role: &'static str,
    (given_name, family_name): (&'static str, &'static str),
    email: &'static str,
    locale: Locale,
) -> Account {
    Account { name, tenant: Some(tenant), role, given_name, family_name, email, locale }
}
