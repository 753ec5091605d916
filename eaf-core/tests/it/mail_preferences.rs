//! Mail preferences of people, and the leases of their digests.

use eaf_core::actor::TraceId;
use eaf_core::clock::{Ambient, Clock};
use eaf_core::directory::{Basis, Directory, Error, MailPreference, NewMember, add_tenant};
use eaf_core::id::{ActorId, EventId, RunId, TenantId};
use eaf_core::mail_log::digest::{self, Begun, DigestLease};
use eaf_core::mail_log::{self, Key, Mail, Status};
use eaf_core::retention::{self, Retention};
use eaf_core::testing::Database;
use eaf_core::{Core, actor::Locale};
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;
use time::macros::datetime;

const LEASE: Duration = Duration::from_secs(60);

struct House {
    database: Database,
    core: Core,
    acme: TenantId,
    anna: ActorId,
}

struct Fixed(OffsetDateTime);

impl Clock for Fixed {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

fn daily(hour: i32, time_zone: &str) -> MailPreference {
    MailPreference { delivery: MailPreference::DAILY.into(), hour, time_zone: time_zone.into(), off: Vec::new() }
}

impl House {
    async fn open() -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        let acme = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        let anna = NewMember {
            issuer: "https://id.example.com".into(),
            subject: "anna".into(),
            name: "Anna".into(),
            email: "anna@acme.example".into(),
            locale: Locale::De,
            roles: vec!["approver".into()],
        };
        let anna = core.directory.put_member(&core.by, acme, anna).await.unwrap();
        House { database, core, acme, anna }
    }

    fn directory_at(&self, now: OffsetDateTime) -> Directory {
        let ambient = Ambient { clock: Arc::new(Fixed(now)), entropy: self.core.ambient.entropy.clone() };
        Directory::new(&self.core.db, &self.core.keyring, &ambient)
    }

    async fn prefer(&self, new: &MailPreference, basis: &Basis) -> Result<(), Error> {
        self.core.directory.set_mail_preference(&self.core.by, self.acme, self.anna, new, basis).await
    }

    /// Records a mail to Anna that waits for a digest at this time.
    async fn collect(&self, id: &str, at: OffsetDateTime) {
        self.record(id, at).await;
        assert!(self.collects(id, at, &Basis::Any).await);
    }

    async fn collects(&self, id: &str, at: OffsetDateTime, basis: &Basis) -> bool {
        self.core.directory.collect_mail(self.acme, (self.anna, id), at, basis).await.unwrap()
    }

    /// Records a mail to Anna, a minute before this time.
    async fn record(&self, id: &str, at: OffsetDateTime) {
        let mail = Mail {
            message_id: id.into(),
            plugin: "dcm".into(),
            template: "request-fulfilled".into(),
            event: EventId(self.core.ambient.uuid()),
            run: RunId(self.core.ambient.uuid()),
            sequence: 1,
            recipient: self.anna,
            trace: TraceId("0".repeat(32)),
        };
        mail_log::record(&self.core.db, self.acme, &mail, at - Duration::from_secs(60)).await.unwrap();
    }

    async fn claim(&self, now: OffsetDateTime) -> Option<DigestLease> {
        digest::claim(&self.core.db, now, LEASE).await.unwrap()
    }

    /// Message-IDs of the mails in a leased digest.
    async fn mails(&self, lease: &DigestLease, now: OffsetDateTime) -> Vec<String> {
        let due = digest::due(&self.core.db, lease, now).await.unwrap().expect("the lease is held");
        due.mails.into_iter().map(|logged| logged.mail.message_id).collect()
    }

    async fn status(&self, id: &str) -> Status {
        mail_log::find(&self.core.db, self.acme, id).await.unwrap().unwrap().status
    }
}

#[tokio::test]
async fn the_digest_comes_when_the_clock_of_the_persons_zone_shows_the_hour() {
    let house = House::open().await;
    for (hour, zone, now, expected) in [
        (8, "UTC", datetime!(2026-03-01 07:59 UTC), datetime!(2026-03-01 08:00 UTC)),
        (8, "UTC", datetime!(2026-03-01 08:00 UTC), datetime!(2026-03-02 08:00 UTC)),
        (8, "Europe/Berlin", datetime!(2026-03-01 06:30 UTC), datetime!(2026-03-01 07:00 UTC)),
        (8, "Asia/Tokyo", datetime!(2026-03-01 22:00 UTC), datetime!(2026-03-01 23:00 UTC)),
        // Summer time begins on 29 March: the hour is 23 hours after the one of the day before.
        (8, "Europe/Berlin", datetime!(2026-03-28 07:00 UTC), datetime!(2026-03-29 06:00 UTC)),
        // The hour that summer time leaves out is one hour later.
        (2, "Europe/Berlin", datetime!(2026-03-28 23:30 UTC), datetime!(2026-03-29 01:00 UTC)),
    ] {
        let next = house.directory_at(now).next_digest(house.acme, &daily(hour, zone)).await.unwrap();
        assert_eq!(next, expected, "{hour} {zone} {now}");
    }
}

#[tokio::test]
async fn a_change_of_a_preference_is_on_record_with_old_and_new() {
    let house = House::open().await;
    let directory = &house.core.directory;
    assert_eq!(directory.mail_preference(house.acme, house.anna).await.unwrap(), None);
    assert!(matches!(house.prefer(&daily(8, "Berlin/Europe"), &Basis::Any).await, Err(Error::TimeZone)));
    let first = daily(8, "Europe/Berlin");
    house.prefer(&first, &Basis::Absent).await.unwrap();
    assert!(matches!(house.prefer(&first, &Basis::Absent).await, Err(Error::ChangedMeanwhile)));
    let second = MailPreference { hour: 17, off: vec!["dcm/request-settled".into()], ..first.clone() };
    house.prefer(&second, &Basis::Tag(first.tag())).await.unwrap();
    assert!(matches!(house.prefer(&first, &Basis::Tag(first.tag())).await, Err(Error::ChangedMeanwhile)));
    assert_eq!(directory.mail_preference(house.acme, house.anna).await.unwrap(), Some(second));
    let acts: Vec<(String, Option<i64>, Option<i64>)> = sqlx::query_as(
        "select object, (change->'old'->>'hour')::bigint, (change->'new'->>'hour')::bigint from eaf.audit
         where act = 'mail-preference.set' order by at",
    )
    .fetch_all(&mut house.database.superuser().await)
    .await
    .unwrap();
    let object = format!("member/{}", house.anna);
    assert_eq!(acts, [(object.clone(), None, Some(8)), (object, Some(8), Some(17))]);

    directory.erase_member(&house.core.by, house.acme, house.anna).await.unwrap();
    assert_eq!(directory.mail_preference(house.acme, house.anna).await.unwrap(), None);
    assert!(matches!(house.prefer(&first, &Basis::Any).await, Err(Error::NoMember)));
}

#[tokio::test]
async fn a_due_digest_has_one_lease_and_keeps_the_mails_of_its_first_attempt() {
    let house = House::open().await;
    let at = datetime!(2026-03-01 08:00 UTC);
    let (db, hour) = (&house.core.db, Duration::from_secs(3_600));
    house.collect("<1@eaf>", at).await;
    house.collect("<2@eaf>", at + 24 * hour).await;
    assert_eq!(house.claim(at - hour).await, None, "not due");
    let claims = futures_util::future::join_all((0..10).map(|_| house.claim(at))).await;
    let leases: Vec<DigestLease> = claims.into_iter().flatten().collect();
    let [lease] = &leases[..] else { panic!("{leases:?}") };
    assert_eq!(house.mails(lease, at).await, ["<1@eaf>"], "the other waits for the next day");

    let begun = Begun { message_id: "<digest@eaf>".into(), at };
    assert!(digest::begin(db, lease, &begun, &["<1@eaf>"]).await.unwrap());
    digest::postpone(db, lease, at + hour).await.unwrap();
    assert!(!digest::begin(db, lease, &begun, &["<2@eaf>"]).await.unwrap(), "the lease is over");
    let lease = house.claim(at + 48 * hour).await.unwrap();
    let due = digest::due(db, &lease, at + 48 * hour).await.unwrap().unwrap();
    assert_eq!((due.begun.as_ref(), due.mails.len()), (Some(&begun), 1), "the later mail does not join");

    assert!(digest::begin_transmission(db, &lease, "<digest@eaf>").await.unwrap());
    mail_log::set_status(db, house.acme, Key::Digest("<digest@eaf>"), &Status::Sent, None).await.unwrap();
    digest::finish(db, &lease).await.unwrap();
    assert_eq!((house.status("<1@eaf>").await, house.status("<2@eaf>").await), (Status::Sent, Status::Collected(None)));
    assert!(!digest::begin_transmission(db, &lease, "<digest@eaf>").await.unwrap(), "the lease is over");
    assert_eq!(house.claim(at + hour).await, None);
    let lease = house.claim(at + 24 * hour).await.unwrap();
    assert_eq!(house.mails(&lease, at + 24 * hour).await, ["<2@eaf>"]);
}

#[tokio::test]
async fn a_changed_hour_moves_no_mail_to_a_later_time() {
    let house = House::open().await;
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let now = house.core.ambient.now();
    let at = now + hours(2);
    house.collect("<1@eaf>", at).await;
    let later = i32::from((now + hours(5)).hour());
    house.prefer(&daily(later, "UTC"), &Basis::Any).await.unwrap();
    let lease = house.claim(at).await.expect("due at its former time, which may be before a deadline");
    assert_eq!(house.mails(&lease, at).await, ["<1@eaf>"]);
}

#[tokio::test]
async fn a_changed_preference_moves_what_waits_to_the_new_time() {
    let house = House::open().await;
    let far = house.core.ambient.now() + Duration::from_secs(9 * 24 * 3_600);
    house.collect("<1@eaf>", far).await;
    house.prefer(&daily(8, "UTC"), &Basis::Any).await.unwrap();
    let now = house.core.ambient.now();
    assert_eq!(house.claim(now).await, None);
    house.prefer(&MailPreference::default(), &Basis::Any).await.unwrap();
    let now = house.core.ambient.now();
    let lease = house.claim(now).await.expect("due now");
    assert_eq!(house.mails(&lease, now).await, ["<1@eaf>"]);
}

#[tokio::test]
async fn a_mail_that_waits_for_a_digest_is_not_given_up_with_its_run() {
    let house = House::open().await;
    house.collect("<1@eaf>", house.core.ambient.now()).await;
    house
        .database
        .run(
            "insert into eaf.run (tenant_id, run_id, plugin, digest, workflow, event_id, event_pos, key, subject, trace, state, due_at, ended_at)
               select tenant_id, run_id, 'dcm', 'd', 'w', event_id, 1, 'k', recipient, '', 'done', null, now() - interval '3 hours'
               from eaf.mail_log;
             update eaf.mail_log set updated_at = now() - interval '3 hours'",
        )
        .await;
    let mails = Retention { mails: Some(time::Duration::days(30)), ..Retention::default() };
    retention::prune(&house.core.db, &house.core.ambient, &mails).await.unwrap();
    assert_eq!(house.status("<1@eaf>").await, Status::Collected(None));
}

#[tokio::test]
async fn a_mail_is_collected_only_by_the_preference_that_decided_so() {
    let house = House::open().await;
    let at = datetime!(2026-03-01 08:00 UTC);
    let before = daily(8, "UTC");
    house.prefer(&before, &Basis::Any).await.unwrap();
    house.record("<1@eaf>", at).await;
    // Between the decision and its record, the person chooses to get mails at once.
    house.prefer(&MailPreference::default(), &Basis::Any).await.unwrap();
    assert!(!house.collects("<1@eaf>", at, &Basis::Tag(before.tag())).await);
    assert!(!house.collects("<1@eaf>", at, &Basis::Absent).await);
    assert_eq!(house.status("<1@eaf>").await, Status::Pending(None), "the mail waits for no digest");
    assert!(house.collects("<1@eaf>", at, &Basis::Tag(MailPreference::default().tag())).await);
    assert_eq!(house.status("<1@eaf>").await, Status::Collected(None));
}

#[tokio::test]
async fn a_tenant_with_many_digests_does_not_delay_another() {
    let (house, at) = (House::open().await, datetime!(2026-03-01 08:00 UTC));
    house
        .database
        .run(
            "insert into eaf.mail_digest (tenant_id, actor_id, due_at)
               select t, gen_random_uuid(), '2026-03-01 07:00+00'::timestamptz + make_interval(mins => n)
               from generate_series(1, 3) n, unnest(array[
                 '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']::uuid[]) t",
        )
        .await;
    let mut leases = Vec::new();
    while let Some(lease) = house.claim(at).await {
        leases.push(lease);
    }
    let of_first = leases.iter().filter(|lease| lease.tenant == leases[0].tenant).count();
    assert_eq!((leases.len(), of_first), (4, 2), "the third digest of each tenant waits");
    digest::postpone(&house.core.db, &leases[0], at + Duration::from_secs(60)).await.unwrap();
    assert_eq!(house.claim(at).await.map(|lease| lease.tenant), Some(leases[0].tenant));
}
