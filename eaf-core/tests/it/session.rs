//! Tests of browser sessions: found by their id, ended by time, erasure and dismissal.

use eaf_core::Core;
use eaf_core::actor::Locale;
use eaf_core::clock::{Ambient, Clock};
use eaf_core::command_bus::CommandQuota;
use eaf_core::directory::{NewMember, add_tenant};
use eaf_core::id::{ActorId, TenantId};
use eaf_core::session::{Activity, Limits, SessionId};
use eaf_core::testing::{Database, ambient, master_key};
use eaf_core::used_state;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use time::{Duration, OffsetDateTime};

const LIMITS: Limits = Limits { idle: Duration::minutes(60), absolute: Duration::hours(10) };

/// Clock that a test puts forward by a number of seconds.
#[derive(Default)]
struct Turned(AtomicI64);

impl Clock for Turned {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + Duration::seconds(self.0.load(Ordering::SeqCst))
    }
}

struct House {
    core: Core,
    clock: Arc<Turned>,
    acme: TenantId,
    anna: ActorId,
    database: Database,
}

impl House {
    async fn new() -> House {
        let database = Database::fresh().await;
        let clock = Arc::new(Turned::default());
        let ambient = Ambient { clock: clock.clone(), ..ambient() };
        let core = Core::start(database.db().await, ambient, master_key(), CommandQuota::default());
        let acme = add_tenant(&core.db, &core.by, "acme", "ACME").await.unwrap();
        let anna = core.directory.put_member(&core.by, acme, person("anna")).await.unwrap();
        House { core, clock, acme, anna, database }
    }

    async fn signed_in(&self) -> SessionId {
        self.core.sessions.create(Some(self.acme), self.anna, LIMITS).await.unwrap()
    }

    async fn lives(&self, id: &SessionId, activity: Activity) -> bool {
        self.core.sessions.find(id, LIMITS, activity).await.unwrap().is_some()
    }

    fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(time.whole_seconds(), Ordering::SeqCst);
    }

    async fn rows(&self) -> i64 {
        let count = sqlx::query_scalar("select count(*) from eaf.session");
        count.fetch_one(&mut self.database.superuser().await).await.unwrap()
    }

    async fn seen(&self) -> OffsetDateTime {
        let seen = sqlx::query_scalar("select seen_at from eaf.session");
        seen.fetch_one(&mut self.database.superuser().await).await.unwrap()
    }
}

fn person(subject: &str) -> NewMember {
    NewMember {
        issuer: "https://id.example".into(),
        subject: subject.into(),
        name: subject.into(),
        email: format!("{subject}@example.org"),
        locale: Locale::De,
        roles: vec!["requester".into()],
    }
}

#[tokio::test]
async fn a_session_is_found_by_its_id_and_has_its_actor() {
    let house = House::new().await;
    let id = house.signed_in().await;
    let found = house.core.sessions.find(&id, LIMITS, Activity::Person).await.unwrap().unwrap();
    assert_eq!((found.tenant, found.actor), (Some(house.acme), house.anna));
    let again = SessionId::parse(&id.reveal()).unwrap();
    assert!(house.lives(&again, Activity::Person).await);

    let olga = house.core.directory.put_operator(&house.core.by, "https://id.example", "olga", "Olga").await.unwrap();
    let id = house.core.sessions.create(None, olga, LIMITS).await.unwrap();
    let found = house.core.sessions.find(&id, LIMITS, Activity::Person).await.unwrap().unwrap();
    assert_eq!((found.tenant, found.actor), (None, olga));
}

#[tokio::test]
async fn no_part_of_the_session_id_is_stored() {
    let house = House::new().await;
    let id = house.signed_in().await.reveal();
    let dump: String = house.database.dump().await.into_iter().map(|(_, rows)| rows).collect();
    assert!(dump.contains(&house.anna.to_string()), "there is something to search");
    assert!(!dump.contains(&id) && !dump.contains(&id[..12]));
}

#[tokio::test]
async fn a_wrong_session_id_finds_nothing() {
    let house = House::new().await;
    let good = house.signed_in().await.reveal();
    for text in ["", "a", "====", &good[1..], &format!("{good}A"), &format!("{good}="), &good.replace(&good[..4], "ä")]
    {
        assert!(SessionId::parse(text).is_none(), "{text}");
    }
    let other = SessionId::parse(&"A".repeat(43)).unwrap();
    assert!(!house.lives(&other, Activity::Person).await);
}

#[tokio::test]
async fn an_idle_session_expires_and_an_active_one_does_not() {
    let house = House::new().await;
    let id = house.signed_in().await;
    for _ in 0..3 {
        house.pass(Duration::minutes(50));
        assert!(house.lives(&id, Activity::Person).await);
    }
    house.pass(Duration::minutes(61));
    assert!(!house.lives(&id, Activity::Person).await);
}

#[tokio::test]
async fn background_requests_do_not_extend_a_session() {
    let house = House::new().await;
    let id = house.signed_in().await;
    house.pass(Duration::minutes(50));
    assert!(house.lives(&id, Activity::Background).await);
    house.pass(Duration::minutes(11));
    assert!(!house.lives(&id, Activity::Background).await);
}

#[tokio::test]
async fn an_active_session_expires_after_its_absolute_limit() {
    let house = House::new().await;
    let id = house.signed_in().await;
    let found = house.core.sessions.find(&id, LIMITS, Activity::Person).await.unwrap().unwrap();
    for _ in 0..19 {
        house.pass(Duration::minutes(30));
        assert!(house.lives(&id, Activity::Person).await);
    }
    assert!(house.core.sessions.is_live(&found, LIMITS).await.unwrap());
    house.pass(Duration::minutes(31));
    assert!(!house.lives(&id, Activity::Person).await);
    assert!(!house.core.sessions.is_live(&found, LIMITS).await.unwrap());
}

#[tokio::test]
async fn activity_is_stored_at_most_once_a_minute() {
    let house = House::new().await;
    let id = house.signed_in().await;
    let first = house.seen().await;
    house.pass(Duration::seconds(50));
    house.lives(&id, Activity::Person).await;
    assert_eq!(house.seen().await, first);
    house.pass(Duration::seconds(20));
    house.lives(&id, Activity::Person).await;
    assert!(house.seen().await > first);
}

#[tokio::test]
async fn ending_a_session_leaves_the_others() {
    let house = House::new().await;
    let (one, other) = (house.signed_in().await, house.signed_in().await);
    let found = house.core.sessions.find(&one, LIMITS, Activity::Person).await.unwrap().unwrap();
    house.core.sessions.end(&found).await.unwrap();
    assert!(!house.lives(&one, Activity::Person).await);
    assert!(house.lives(&other, Activity::Person).await);
    house.core.sessions.end(&found).await.unwrap();
}

#[tokio::test]
async fn an_erasure_ends_all_sessions_of_the_person() {
    let house = House::new().await;
    let ben = house.core.directory.put_member(&house.core.by, house.acme, person("ben")).await.unwrap();
    let bens = house.core.sessions.create(Some(house.acme), ben, LIMITS).await.unwrap();
    let annas = [house.signed_in().await, house.signed_in().await];
    house.core.directory.erase_member(&house.core.by, house.acme, house.anna).await.unwrap();
    for id in &annas {
        assert!(!house.lives(id, Activity::Person).await);
    }
    assert!(house.lives(&bens, Activity::Person).await);
}

#[tokio::test]
async fn a_dismissal_ends_all_sessions_and_roles_and_keeps_the_name() {
    let house = House::new().await;
    let annas = [house.signed_in().await, house.signed_in().await];
    house.core.directory.remove_member(&house.core.by, house.acme, house.anna).await.unwrap();
    for id in &annas {
        assert!(!house.lives(id, Activity::Person).await);
    }
    let anna = house.core.directory.member(house.acme, house.anna).await.unwrap().expect("she is still known");
    assert!(anna.roles.is_empty() && !anna.name.is_empty());
}

#[tokio::test]
async fn expired_sessions_are_deleted_also_of_operators() {
    let house = House::new().await;
    house.signed_in().await;
    let olga = house.core.directory.put_operator(&house.core.by, "https://id.example", "olga", "Olga").await.unwrap();
    house.core.sessions.create(None, olga, LIMITS).await.unwrap();
    house.pass(Duration::minutes(61));
    let fresh = house.signed_in().await;
    assert_eq!(house.core.sessions.purge(LIMITS).await.unwrap(), 2);
    assert_eq!(house.rows().await, 1);
    assert!(house.lives(&fresh, Activity::Person).await);
    assert_eq!(house.core.sessions.purge(LIMITS).await.unwrap(), 0);
}

/// Tests the privileges: a tenant's database session can neither read nor insert browser sessions
/// of another tenant, and the platform role can insert and delete no browser sessions.
#[tokio::test]
async fn the_platform_role_finds_sessions_and_cannot_insert_or_delete_them() {
    let house = House::new().await;
    house.signed_in().await;
    let mut platform = house.database.as_role("eaf_platform").await;
    for forbidden in [
        "insert into eaf.session select * from eaf.session",
        "delete from eaf.session",
        "update eaf.session set expires_at = 'infinity'",
        "update eaf.session set actor_id = gen_random_uuid()",
    ] {
        let refused = sqlx::raw_sql(forbidden).execute(&mut platform).await.unwrap_err();
        assert_eq!(refused.as_database_error().and_then(|error| error.code()).as_deref(), Some("42501"), "{forbidden}");
    }
}

#[tokio::test]
async fn a_logout_hint_opens_once_after_the_end_with_the_session_id() {
    let house = House::new().await;
    let id = house.signed_in().await;
    house.core.sessions.store_hint(Some(house.acme), &id, "canary-hint").await.unwrap();
    let dump: String = house.database.dump().await.into_iter().map(|(_, rows)| rows).collect();
    assert!(!dump.contains("canary-hint") && !dump.contains(&hex("canary-hint")), "it is sealed");
    assert_eq!(house.core.sessions.take_hint(&id).await.unwrap(), None, "the session lives");

    let session = house.core.sessions.find(&id, LIMITS, Activity::Person).await.unwrap().unwrap();
    assert!(house.core.sessions.end_keeping_hint(&session).await.unwrap());
    assert!(!house.lives(&id, Activity::Person).await);
    assert_eq!(house.core.sessions.take_hint(&id).await.unwrap().as_deref(), Some("canary-hint"));
    assert_eq!((house.core.sessions.take_hint(&id).await.unwrap(), house.rows().await), (None, 0));
}

#[tokio::test]
async fn a_logout_hint_is_deleted_with_its_session() {
    let house = House::new().await;
    let id = house.signed_in().await;
    let session = house.core.sessions.find(&id, LIMITS, Activity::Person).await.unwrap().unwrap();
    assert!(
        !house.core.sessions.end_keeping_hint(&session).await.unwrap(),
        "there is none: the session is still to be ended"
    );
    assert!(house.lives(&id, Activity::Person).await);
    house.core.sessions.store_hint(Some(house.acme), &id, "hint").await.unwrap();
    assert!(house.core.sessions.end_keeping_hint(&session).await.unwrap());
    house.pass(Duration::minutes(3));
    assert_eq!(house.core.sessions.take_hint(&id).await.unwrap(), None);
    house.core.sessions.purge(LIMITS).await.unwrap();
    assert_eq!(house.rows().await, 0);
}

#[tokio::test]
async fn a_logout_hint_does_not_open_in_another_session() {
    let house = House::new().await;
    let (one, two) = (house.signed_in().await, house.signed_in().await);
    for id in [&one, &two] {
        house.core.sessions.store_hint(Some(house.acme), id, "hint").await.unwrap();
        let session = house.core.sessions.find(id, LIMITS, Activity::Person).await.unwrap().unwrap();
        house.core.sessions.end_keeping_hint(&session).await.unwrap();
    }
    let swap = "update eaf.session s set hint = o.hint from eaf.session o where o.hash <> s.hash";
    sqlx::query(swap).execute(&mut house.database.superuser().await).await.unwrap();
    assert_eq!(house.core.sessions.take_hint(&one).await.unwrap(), None);
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_sign_in_state_is_used_once_and_kept_until_it_expires() {
    let house = House::new().await;
    let until = house.core.ambient.now() + Duration::minutes(10);
    assert!(used_state::use_once(&house.core.db, "state", until).await.unwrap());
    assert!(!used_state::use_once(&house.core.db, "state", until).await.unwrap());
    assert!(used_state::use_once(&house.core.db, "another", until).await.unwrap());
    assert_eq!(used_state::purge(&house.core.db, house.core.ambient.now()).await.unwrap(), 0);
    house.pass(Duration::minutes(11));
    assert_eq!(used_state::purge(&house.core.db, house.core.ambient.now()).await.unwrap(), 2);
}
