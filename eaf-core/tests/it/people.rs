//! Tests of groups, managers and deputies of a tenant, and of the people to whom a reference leads.

use eaf_core::Core;
use eaf_core::actor::{Locale, Principal};
use eaf_core::audit::trail::{Bounds, Filter, page};
use eaf_core::directory::{
    Basis, Deputy, Error, Member, NewMember, PeopleQuery, Profile, Reporting, add_tenant, create_tenant, member_count,
    people_ids,
};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::testing::Database;
use time::Duration;

struct Firm {
    core: Core,
    acme: TenantId,
    globex: TenantId,
    _database: Database,
}

impl Firm {
    async fn open() -> Firm {
        let database = Database::fresh().await;
        let core = database.core().await;
        let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        let globex = add_tenant(&core.db, &core.by, "globex", "Globex").await.unwrap();
        Firm { core, acme, globex, _database: database }
    }

    async fn hire_in(&self, tenant: TenantId, name: &str, roles: &[&str]) -> ActorId {
        let new = NewMember {
            issuer: "https://id.example.com".into(),
            subject: name.into(),
            name: name.into(),
            email: format!("{name}@example.com"),
            locale: Locale::De,
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        };
        self.core.directory.put_member(&self.core.by, tenant, new).await.unwrap()
    }

    async fn hire(&self, name: &str, roles: &[&str]) -> ActorId {
        self.hire_in(self.acme, name, roles).await
    }

    async fn member(&self, actor: ActorId) -> Member {
        self.core.directory.member(self.acme, actor).await.unwrap().expect("a member")
    }

    /// Actor ids of the persons for whom a member stands in now.
    async fn principals(&self, actor: ActorId) -> Vec<ActorId> {
        self.member(actor).await.affiliation.stands_in_for.into_iter().map(|person| person.id).collect()
    }

    async fn put_group(&self, key: &str, members: &[ActorId]) {
        self.core.directory.put_group(&self.core.by, self.acme, key, key, &Basis::Any).await.unwrap();
        for member in members {
            self.core.directory.add_to_group(&self.core.by, self.acme, key, *member).await.unwrap();
        }
    }

    async fn report(&self, actor: ActorId, manager: ActorId) -> Result<(), Error> {
        let reporting = Reporting { manager: Some(manager), cost_centre: "4711".into() };
        self.core.directory.set_reporting(&self.core.by, self.acme, actor, &reporting).await
    }

    async fn stand_in(&self, actor_id: ActorId, deputy_id: ActorId, from: i64, until: i64) -> Result<(), Error> {
        let now = self.core.ambient.now();
        let (starts_at, ends_at) = (now + Duration::hours(from), now + Duration::hours(until));
        let deputy = Deputy { actor_id, deputy_id, starts_at, ends_at };
        self.core.directory.set_deputy(&self.core.by, self.acme, &deputy, &Basis::Any).await
    }

    async fn meant(&self, query: PeopleQuery) -> Vec<ActorId> {
        let ids = people_ids(&self.core.db, self.acme, &query, self.core.ambient.now()).await.unwrap();
        let members = self.core.directory.people(self.acme, &query).await.unwrap();
        assert_eq!(ids, members.iter().map(|member| member.actor).collect::<Vec<_>>());
        ids
    }
}

fn sorted(mut actors: Vec<ActorId>) -> Vec<ActorId> {
    actors.sort();
    actors
}

#[tokio::test]
async fn a_reference_means_the_current_members_of_its_sets_but_the_excluded() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["requester"]).await;
    let ben = firm.hire("ben", &["approver"]).await;
    let cleo = firm.hire("cleo", &["requester"]).await;
    let dora = firm.hire("dora", &["requester"]).await;
    let gone = firm.hire("gone", &["approver"]).await;
    firm.put_group("finance", &[cleo, gone]).await;
    firm.report(anna, dora).await.unwrap();
    firm.core.directory.remove_member(&firm.core.by, firm.acme, gone).await.unwrap();

    let finance = PeopleQuery { groups: vec!["finance".into()], ..Default::default() };
    assert_eq!(firm.meant(finance).await, [cleo], "a removed member left all groups");
    let all = PeopleQuery {
        roles: vec!["approver".into()],
        groups: vec!["finance".into(), "unknown".into()],
        managers_of: vec![anna],
        actors: vec![anna, gone],
        except: vec![anna],
        must_have_roles: None,
        with_deputies: false,
    };
    assert_eq!(firm.meant(all).await, sorted(vec![ben, cleo, dora]));
    assert!(firm.meant(PeopleQuery::default()).await.is_empty(), "no set means nobody");
}

#[tokio::test]
async fn a_reference_that_demands_roles_means_their_holders_and_deputies_alone() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["requester"]).await;
    let ben = firm.hire("ben", &["auditor", "approver"]).await;
    let otto = firm.hire("otto", &["auditor"]).await;
    let cleo = firm.hire("cleo", &["requester"]).await;
    let dora = firm.hire("dora", &["requester"]).await;
    firm.put_group("finance", &[anna, ben, otto]).await;
    firm.stand_in(anna, otto, -1, 24).await.unwrap();
    firm.stand_in(otto, cleo, -1, 24).await.unwrap();
    firm.stand_in(ben, dora, -1, 24).await.unwrap();
    let finance = |roles: &[&str], with_deputies| PeopleQuery {
        groups: vec!["finance".into()],
        must_have_roles: Some(roles.iter().map(|role| (*role).into()).collect()),
        with_deputies,
        ..Default::default()
    };
    assert_eq!(firm.meant(finance(&["requester", "approver"], false)).await, sorted(vec![anna, ben]));
    let with_deputies = sorted(vec![anna, ben, dora]);
    assert_eq!(
        firm.meant(finance(&["requester", "approver"], true)).await,
        with_deputies,
        "otto's deputy is not meant"
    );
    assert_eq!(firm.meant(finance(&["auditor"], true)).await, sorted(vec![ben, otto]));
    assert!(firm.meant(finance(&[], true)).await.is_empty(), "no role holds the permission");
    firm.core.directory.set_roles(&firm.core.by, firm.acme, ben, &["auditor".into()]).await.unwrap();
    assert_eq!(firm.meant(finance(&["requester", "approver"], true)).await, [anna]);
}

#[tokio::test]
async fn a_group_takes_current_members_of_its_own_tenant_only() {
    let firm = Firm::open().await;
    let foreigner = firm.hire_in(firm.globex, "gina", &["requester"]).await;
    let anna = firm.hire("anna", &["requester"]).await;
    firm.put_group("finance", &[anna, anna]).await;
    let directory = &firm.core.directory;
    let added = directory.add_to_group(&firm.core.by, firm.acme, "finance", foreigner).await;
    assert!(matches!(added, Err(Error::NoMember)), "{added:?}");
    let added = directory.add_to_group(&firm.core.by, firm.acme, "unknown", anna).await;
    assert!(matches!(added, Err(Error::NoGroup)), "{added:?}");
    for key in ["", "Finance", "a b", "x\u{0}", &"a".repeat(41)] {
        let put = directory.put_group(&firm.core.by, firm.acme, key, "A name", &Basis::Any).await;
        assert!(matches!(put, Err(Error::GroupKey)), "{key:?}");
    }
    let groups = directory.groups(firm.acme).await.unwrap();
    assert_eq!(groups.iter().map(|group| (group.key.as_str(), group.size)).collect::<Vec<_>>(), [("finance", 1)]);
    assert!(directory.groups(firm.globex).await.unwrap().is_empty());
    assert!(directory.remove_group(&firm.core.by, firm.acme, "finance").await.unwrap());
    assert!(!directory.remove_group(&firm.core.by, firm.acme, "finance").await.unwrap());
    assert!(firm.member(anna).await.affiliation.groups.is_empty());
}

#[tokio::test]
async fn reporting_lines_have_no_cycle() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["requester"]).await;
    let ben = firm.hire("ben", &["approver"]).await;
    let cleo = firm.hire("cleo", &["admin"]).await;
    firm.report(anna, ben).await.unwrap();
    firm.report(ben, cleo).await.unwrap();
    for (actor, manager) in [(cleo, anna), (ben, anna), (anna, anna)] {
        let refused = firm.report(actor, manager).await;
        assert!(matches!(refused, Err(Error::ManagerCycle)), "{refused:?}");
    }
    assert_eq!(firm.member(ben).await.affiliation.manages, [anna]);
    assert_eq!(firm.member(anna).await.affiliation.cost_centre, "4711");

    // Two concurrent changes would together make a cycle: one of them is refused.
    let dora = firm.hire("dora", &["requester"]).await;
    let emil = firm.hire("emil", &["requester"]).await;
    let (first, second) = tokio::join!(firm.report(dora, emil), firm.report(emil, dora));
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
}

#[tokio::test]
async fn a_deputy_stands_in_during_the_period_and_for_no_deputy_in_turn() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["approver"]).await;
    let ben = firm.hire("ben", &["approver"]).await;
    let cleo = firm.hire("cleo", &["approver"]).await;
    firm.stand_in(anna, ben, -1, 24).await.unwrap();
    firm.stand_in(ben, cleo, 1, 24).await.unwrap();
    assert_eq!(firm.principals(ben).await, [anna]);
    assert!(firm.principals(cleo).await.is_empty(), "the period has not begun");

    let refused = firm.stand_in(cleo, anna, 2, 3).await;
    assert!(matches!(refused, Err(Error::DeputyCycle)), "{refused:?}");
    firm.stand_in(cleo, anna, 48, 72).await.expect("at another time there is no cycle");
    let refused = firm.stand_in(cleo, cleo, 48, 72).await;
    assert!(matches!(refused, Err(Error::DeputyCycle)), "{refused:?}");
    for (from, until) in [(3, 3), (3, 2), (0, 24 * 400)] {
        let refused = firm.stand_in(cleo, ben, from, until).await;
        assert!(matches!(refused, Err(Error::DeputyPeriod)), "{refused:?}");
    }

    firm.core.directory.remove_member(&firm.core.by, firm.acme, anna).await.unwrap();
    assert!(firm.principals(ben).await.is_empty(), "a removed member has no deputy");
    assert_eq!(firm.core.directory.deputies(firm.acme, firm.core.ambient.now()).await.unwrap().len(), 1);
    assert!(firm.core.directory.end_deputy(&firm.core.by, firm.acme, ben).await.unwrap());
    assert!(!firm.core.directory.end_deputy(&firm.core.by, firm.acme, ben).await.unwrap());
}

#[tokio::test]
async fn a_principal_has_the_present_rights_of_the_person() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["approver", "auditor"]).await;
    let ben = firm.hire("ben", &["requester"]).await;
    let [cleo, dora, gone] = [
        firm.hire("cleo", &["requester"]).await,
        firm.hire("dora", &["requester"]).await,
        firm.hire("gone", &["requester"]).await,
    ];
    firm.put_group("finance", &[anna]).await;
    firm.put_group("board", &[anna, ben]).await;
    for report in [cleo, dora, gone] {
        firm.report(report, anna).await.unwrap();
    }
    firm.report(anna, ben).await.unwrap();
    firm.stand_in(anna, ben, -1, 24).await.unwrap();
    firm.stand_in(cleo, ben, -1, 24).await.unwrap();
    firm.core.directory.remove_member(&firm.core.by, firm.acme, gone).await.unwrap();

    let affiliation = firm.member(ben).await.affiliation;
    assert_eq!((affiliation.groups, affiliation.manages), (vec!["board".to_owned()], vec![anna]), "ben's own");
    let principal = |id, roles: &[&str], groups: &[&str], manages: Vec<ActorId>| Principal {
        id,
        roles: roles.iter().map(|role| (*role).into()).collect(),
        permissions: vec![],
        groups: groups.iter().map(|group| (*group).into()).collect(),
        manages: sorted(manages),
    };
    let mut expected = vec![
        principal(anna, &["approver", "auditor"], &["board", "finance"], vec![cleo, dora]),
        principal(cleo, &["requester"], &[], vec![]),
    ];
    expected.sort_by_key(|person| person.id);
    assert_eq!(affiliation.stands_in_for, expected);

    let directory = &firm.core.directory;
    directory.remove_from_group(&firm.core.by, firm.acme, "board", anna).await.unwrap();
    directory.set_roles(&firm.core.by, firm.acme, anna, &["requester".to_owned()]).await.unwrap();
    assert!(directory.end_deputy(&firm.core.by, firm.acme, cleo).await.unwrap());
    let now = principal(anna, &["requester"], &["finance"], vec![cleo, dora]);
    assert_eq!(firm.member(ben).await.affiliation.stands_in_for, [now]);
    let signed_in = directory.find_member(firm.acme, "https://id.example.com", "ben").await.unwrap().unwrap();
    assert_eq!(signed_in.affiliation, firm.member(ben).await.affiliation);
}

#[tokio::test]
async fn a_reference_with_deputies_means_those_who_stand_in_now() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["approver"]).await;
    let ben = firm.hire("ben", &["requester"]).await;
    let cleo = firm.hire("cleo", &["requester"]).await;
    let dora = firm.hire("dora", &["approver"]).await;
    let emil = firm.hire("emil", &["requester"]).await;
    let foreign = firm.hire_in(firm.globex, "gina", &["approver"]).await;
    firm.stand_in(anna, ben, -1, 24).await.unwrap();
    firm.stand_in(ben, cleo, -1, 24).await.unwrap();
    firm.stand_in(dora, emil, 1, 24).await.unwrap();
    let approvers = PeopleQuery { roles: vec!["approver".into()], with_deputies: true, ..Default::default() };
    let people =
        |except: &[ActorId], with_deputies| PeopleQuery { except: except.to_vec(), with_deputies, ..approvers.clone() };
    assert_eq!(firm.meant(people(&[], false)).await, sorted(vec![anna, dora]));
    let meant = firm.meant(people(&[], true)).await;
    assert_eq!(meant, sorted(vec![anna, ben, dora]), "neither a deputy's deputy nor one of a later period");
    assert_eq!(firm.meant(people(&[anna], true)).await, [dora], "ben would stand in for an excepted person alone");
    assert_eq!(firm.meant(people(&[ben], true)).await, sorted(vec![anna, dora]), "an excepted deputy");
    assert!(!meant.contains(&foreign));
    let none = PeopleQuery { with_deputies: true, ..Default::default() };
    assert!(firm.meant(none).await.is_empty(), "deputies of no one");

    // Ben stands in for two persons, and only one of them is excepted.
    firm.stand_in(dora, ben, -1, 24).await.unwrap();
    assert_eq!(firm.meant(people(&[anna], true)).await, sorted(vec![ben, dora]));
    firm.stand_in(dora, emil, -1, 24).await.unwrap();
    firm.core.directory.remove_member(&firm.core.by, firm.acme, emil).await.unwrap();
    assert!(firm.core.directory.end_deputy(&firm.core.by, firm.acme, anna).await.unwrap());
    assert_eq!(firm.meant(people(&[], true)).await, sorted(vec![anna, dora]), "ended, and removed");
}

#[tokio::test]
async fn the_last_admin_keeps_the_role() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["admin"]).await;
    let ben = firm.hire("ben", &["admin", "approver"]).await;
    let directory = &firm.core.directory;
    let requester = ["requester".to_owned()];
    let (first, second) = tokio::join!(
        directory.set_roles(&firm.core.by, firm.acme, anna, &requester),
        directory.remove_member(&firm.core.by, firm.acme, ben)
    );
    assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
    let admins = directory.members_with_role(firm.acme, "admin").await.unwrap();
    assert_eq!(admins.len(), 1);
    let refused = directory.remove_member(&firm.core.by, firm.acme, admins[0].actor).await;
    assert!(matches!(refused, Err(Error::LastAdmin)), "{refused:?}");
    assert!(!firm.member(admins[0].actor).await.roles.is_empty(), "nothing changed");
}

#[tokio::test]
async fn a_change_of_a_member_is_all_or_nothing() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["requester"]).await;
    let ben = firm.hire("ben", &["admin"]).await;
    let foreigner = firm.hire_in(firm.globex, "gina", &["requester"]).await;
    firm.report(anna, ben).await.unwrap();
    let change = async |actor: ActorId, role: &str, manager: ActorId, cost_centre: &str| {
        let reporting = Reporting { manager: Some(manager), cost_centre: cost_centre.into() };
        let directory = &firm.core.directory;
        directory
            .change_member(
                &firm.core.by,
                firm.acme,
                actor,
                &Profile { roles: vec![role.to_owned()], reporting },
                &Basis::Any,
            )
            .await
    };
    let refused = change(anna, "approver", foreigner, "").await;
    assert!(matches!(refused, Err(Error::NoManager)), "{refused:?}");
    let refused = change(ben, "admin", anna, "").await;
    assert!(matches!(refused, Err(Error::ManagerCycle)), "{refused:?}");
    let refused = change(ben, "requester", ben, "").await;
    assert!(matches!(refused, Err(Error::LastAdmin)), "{refused:?}");
    for cost_centre in ["x".repeat(101), "a\u{0}".into()] {
        let refused = change(anna, "approver", ben, &cost_centre).await;
        assert!(matches!(refused, Err(Error::CostCentre)), "{refused:?}");
    }
    let member = firm.member(anna).await;
    assert_eq!((member.roles, member.affiliation.cost_centre.as_str()), (vec!["requester".into()], "4711"));
    change(anna, "approver", ben, "4712").await.unwrap();
    let member = firm.member(anna).await;
    assert_eq!((member.roles, member.affiliation.cost_centre.as_str()), (vec!["approver".into()], "4712"));

    firm.stand_in(anna, ben, 0, 1).await.unwrap();
    let refused = firm.stand_in(anna, foreigner, 0, 1).await;
    assert!(matches!(refused, Err(Error::NoDeputy)), "{refused:?}");
}

#[tokio::test]
async fn a_tenant_is_created_once_and_counts_its_current_members() {
    let firm = Firm::open().await;
    let created = create_tenant(&firm.core.db, &firm.core.by, "acme", "Another").await.unwrap();
    assert_eq!(created, None);
    let refused = create_tenant(&firm.core.db, &firm.core.by, "A b", "Another").await;
    assert!(matches!(refused, Err(Error::Slug)), "{refused:?}");
    let created = create_tenant(&firm.core.db, &firm.core.by, "initech", "Initech").await.unwrap();
    assert_eq!(created, Some(TenantId::derive("initech")));
    let removed = firm.hire("anna", &["requester"]).await;
    let erased = firm.hire("ben", &["requester"]).await;
    firm.hire("cleo", &["requester"]).await;
    firm.core.directory.remove_member(&firm.core.by, firm.acme, removed).await.unwrap();
    firm.core.directory.erase_member(&firm.core.by, firm.acme, erased).await.unwrap();
    assert_eq!(member_count(&firm.core.db, firm.acme).await.unwrap(), 1);
    assert_eq!(member_count(&firm.core.db, firm.globex).await.unwrap(), 0);
}

#[tokio::test]
async fn each_act_is_in_the_audit_with_old_and_new() {
    let firm = Firm::open().await;
    let anna = firm.hire("anna", &["requester"]).await;
    let ben = firm.hire("ben", &["admin"]).await;
    firm.put_group("finance", &[anna]).await;
    firm.report(anna, ben).await.unwrap();
    firm.report(anna, ben).await.unwrap();
    firm.stand_in(ben, anna, 0, 5).await.unwrap();
    for belonged in [true, false] {
        let removed = firm.core.directory.remove_from_group(&firm.core.by, firm.acme, "finance", anna).await.unwrap();
        assert_eq!(removed, belonged);
    }
    let acts = acts(&firm).await;
    let expected = ["group.add", "group.add-member", "member.reporting", "deputy.set", "group.remove-member"];
    let found: Vec<&str> = acts.iter().map(String::as_str).filter(|act| !act.starts_with("member.add")).collect();
    assert_eq!(found.iter().rev().copied().collect::<Vec<_>>(), [&["tenant.add"], &expected[..]].concat());
}

async fn acts(firm: &Firm) -> Vec<String> {
    let mut tx = firm.core.db.tenant(firm.acme).await.unwrap();
    let bounds = Bounds { items: 100, examined: 1_000 };
    let page = page(&mut tx, &Filter::default(), None, bounds).await.unwrap();
    page.items.into_iter().map(|item| item.act).collect()
}
