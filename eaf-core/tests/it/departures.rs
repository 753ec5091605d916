//! Tests of departures: each loss in the directory is recorded, and one host at a time works on it.

use eaf_core::Core;
use eaf_core::actor::Locale;
use eaf_core::contract::{PeopleRef, Permission};
use eaf_core::departure::{self, Departed, Error, Lease, Look};
use eaf_core::directory::{Basis, NewMember, Reporting, add_tenant};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::testing::Database;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(60);

struct Firm {
    core: Core,
    acme: TenantId,
    database: Database,
}

impl Firm {
    async fn open() -> Firm {
        let database = Database::fresh().await;
        let core = database.core().await;
        let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        Firm { core, acme, database }
    }

    async fn hire(&self, name: &str, roles: &[&str]) -> ActorId {
        let new = NewMember {
            issuer: "https://id.example.com".into(),
            subject: name.into(),
            name: name.into(),
            email: format!("{name}@example.com"),
            locale: Locale::De,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        self.core.directory.put_member(&self.core.by, self.acme, new).await.unwrap()
    }

    async fn put_group(&self, key: &str, members: &[ActorId]) {
        let directory = &self.core.directory;
        directory.put_group(&self.core.by, self.acme, key, key, &Basis::Any).await.unwrap();
        for member in members {
            directory.add_to_group(&self.core.by, self.acme, key, *member).await.unwrap();
        }
    }

    async fn report(&self, actor: ActorId, manager: Option<ActorId>) {
        let reporting = Reporting { manager, cost_centre: String::new() };
        self.core.directory.set_reporting(&self.core.by, self.acme, actor, &reporting).await.unwrap();
    }

    async fn make_due(&self) {
        self.database.run("update eaf.departure set due_at = now()").await;
    }

    async fn claim(&self) -> Option<Lease> {
        departure::claim(&self.core.db, LEASE).await.unwrap()
    }

    async fn departed(&self, lease: &Lease) -> Option<(Departed, Look)> {
        let mut tx = self.core.db.tenant(lease.tenant).await.unwrap();
        departure::read(&mut tx, lease).await.unwrap()
    }

    async fn finish(&self, lease: &Lease, look: Look) {
        departure::finish(&self.core.db, lease, look).await.unwrap();
    }

    /// Finishes the only departure and returns what it says. `None`: there is none.
    async fn take(&self) -> Option<Departed> {
        self.make_due().await;
        let lease = self.claim().await?;
        let departed = self.departed(&lease).await;
        self.finish(&lease, Look::Second).await;
        assert_eq!(self.claim().await, None, "more than one departure");
        departed.map(|(departed, _)| departed)
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[tokio::test]
async fn each_loss_is_recorded_and_no_gain_is() {
    let firm = Firm::open().await;
    let (core, by) = (&firm.core, &firm.core.by);
    firm.hire("ada", &["admin"]).await;
    let anna = firm.hire("anna", &["approver"]).await;
    let rita = firm.hire("rita", &["requester"]).await;
    firm.put_group("finance", &[anna, rita]).await;
    firm.report(rita, Some(anna)).await;
    core.directory.set_roles(by, firm.acme, anna, &words(&["approver", "requester"])).await.unwrap();
    assert_eq!(firm.take().await, None, "people came and none left");

    core.directory.set_roles(by, firm.acme, anna, &words(&["requester"])).await.unwrap();
    let changed = |role: &str| Departed {
        actors: vec![anna.to_string()],
        groups: words(&["finance"]),
        roles: words(&[role]),
        reports: vec![rita.to_string()],
    };
    assert_eq!(firm.take().await, Some(changed("approver")), "the role may hold the right to act for the group");
    firm.hire("anna", &["approver"]).await;
    assert_eq!(firm.take().await, Some(changed("requester")));
    core.directory.remove_from_group(by, firm.acme, "finance", rita).await.unwrap();
    let finance = Departed { groups: words(&["finance"]), ..Departed::default() };
    assert_eq!(firm.take().await, Some(finance.clone()));
    core.directory.remove_from_group(by, firm.acme, "finance", rita).await.unwrap();
    assert_eq!(firm.take().await, None, "the person had left before");

    core.directory.remove_member(by, firm.acme, anna).await.unwrap();
    let gone = changed("approver");
    assert_eq!(firm.take().await, Some(gone.clone()));
    core.directory.remove_member(by, firm.acme, anna).await.unwrap();
    core.directory.erase_member(by, firm.acme, anna).await.unwrap();
    assert_eq!(firm.take().await, None, "the person had left before");

    let bert = firm.hire("bert", &["approver"]).await;
    firm.report(rita, Some(bert)).await;
    assert!(firm.take().await.is_some_and(|departed| departed.reports == [rita.to_string()]));
    core.directory.erase_member(by, firm.acme, bert).await.unwrap();
    let erased = Departed { actors: vec![bert.to_string()], groups: Vec::new(), ..gone };
    assert_eq!(firm.take().await, Some(erased));
    core.directory.add_to_group(by, firm.acme, "finance", rita).await.unwrap();
    core.directory.remove_group(by, firm.acme, "finance").await.unwrap();
    assert_eq!(firm.take().await, Some(finance));
}

#[test]
fn lost_roles_are_permissions_to_a_package() {
    let permission = |name: &str, roles: &[&str]| Permission { name: name.into(), roles: words(roles) };
    let permissions = [permission("approve", &["approver", "admin"]), permission("audit", &["auditor"])];
    let departed = Departed { roles: words(&["approver"]), ..Departed::default() };
    let reference = PeopleRef::to_departed(&departed, &permissions);
    assert_eq!(reference, PeopleRef { permissions: words(&["approve"]), ..PeopleRef::default() });
}

#[tokio::test]
async fn one_host_works_on_a_departure_and_another_continues_after_its_lease() {
    let firm = Firm::open().await;
    firm.hire("ada", &["admin"]).await;
    let anna = firm.hire("anna", &["approver"]).await;
    firm.core.directory.remove_member(&firm.core.by, firm.acme, anna).await.unwrap();
    assert_eq!(firm.claim().await, None, "commands of this moment may still count the person");
    firm.make_due().await;
    let (one, two) = tokio::join!(firm.claim(), firm.claim());
    let mut first = one.clone().or(two.clone()).expect("a lease");
    assert!(one.is_none() || two.is_none(), "two leases of one departure");
    let stale = first.clone();
    departure::renew(&firm.core.db, &mut first, LEASE).await.unwrap();
    assert!(first.until > stale.until);
    assert!(matches!(departure::renew(&firm.core.db, &mut stale.clone(), LEASE).await, Err(Error::Fenced)));
    firm.finish(&stale, Look::First).await;
    firm.finish(&stale, Look::Second).await;
    assert!(firm.departed(&first).await.is_some(), "an old lease finishes nothing");

    departure::release(&firm.core.db, &first).await.unwrap();
    let second = firm.claim().await.expect("it is free at once");
    departure::postpone(&firm.core.db, &second, Duration::from_secs(5), LEASE).await.unwrap();
    assert_eq!(firm.claim().await, None, "its pause runs");
    firm.make_due().await;
    let third = firm.claim().await.expect("it is due again");
    firm.database.run("update eaf.departure set leased_until = now() - interval '1 second'").await;
    let fourth = firm.claim().await.expect("the lease has expired");
    assert_eq!(fourth.id, third.id);
    firm.finish(&fourth, Look::Second).await;
    assert_eq!(firm.departed(&fourth).await, None);
}

#[tokio::test]
async fn products_look_twice_because_a_command_may_end_after_the_first_look() {
    let firm = Firm::open().await;
    firm.hire("ada", &["admin"]).await;
    let anna = firm.hire("anna", &["approver"]).await;
    firm.core.directory.remove_member(&firm.core.by, firm.acme, anna).await.unwrap();
    firm.make_due().await;
    let first = firm.claim().await.expect("the first look is due");
    let Some((departed, Look::First)) = firm.departed(&first).await else { panic!("not the first look") };
    firm.finish(&first, Look::First).await;
    assert_eq!(firm.claim().await, None, "commands of the time before may still run");
    assert_eq!(firm.database.departures().await, 0, "products have looked at all");
    firm.make_due().await;
    let second = firm.claim().await.expect("the second look is due");
    assert_eq!(firm.departed(&second).await, Some((departed, Look::Second)));
    firm.finish(&second, Look::Second).await;
    firm.make_due().await;
    assert_eq!(firm.claim().await, None, "there is no third look");
}

#[tokio::test]
async fn a_tenant_with_many_departures_does_not_delay_another() {
    let firm = Firm::open().await;
    let globex = add_tenant(&firm.core.db, &firm.core.by, "globex", "Globex").await.unwrap();
    firm.hire("ada", &["admin"]).await;
    for name in ["anna", "bert", "carl"] {
        let actor = firm.hire(name, &["approver"]).await;
        firm.core.directory.remove_member(&firm.core.by, firm.acme, actor).await.unwrap();
    }
    let other = Firm { acme: globex, ..firm };
    other.hire("ada", &["admin"]).await;
    let dora = other.hire("dora", &["approver"]).await;
    other.core.directory.remove_member(&other.core.by, globex, dora).await.unwrap();
    other.make_due().await;
    let (first, second) = (other.claim().await.unwrap(), other.claim().await.unwrap());
    assert_ne!(first.tenant, second.tenant, "the first tenant's other departures wait");
    assert_eq!(other.claim().await, None);
    departure::release(&other.core.db, &first).await.unwrap();
    assert_eq!(other.claim().await.map(|lease| lease.tenant), Some(first.tenant));
}
