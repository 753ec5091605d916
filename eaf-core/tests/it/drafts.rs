//! Tests of drafts: each is its author's alone, has one line of changes, and ends.

use eaf_core::Core;
use eaf_core::actor::Locale;
use eaf_core::clock::{Ambient, Clock};
use eaf_core::command_bus::CommandQuota;
use eaf_core::directory::{NewMember, add_tenant};
use eaf_core::draft::{self, Content, Draft, Error, LIFETIME, MAX_DRAFTS, Owner, Save};
use eaf_core::id::{ActorId, DraftId, TenantId};
use eaf_core::retention::{self, Retention};
use eaf_core::testing::{Database, ambient, master_key};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use time::OffsetDateTime;

struct Ahead(Duration);

impl Clock for Ahead {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::now_utc() + self.0
    }
}

struct House {
    database: Database,
    core: Core,
    anna: Owner,
}

impl House {
    async fn open() -> House {
        let database = Database::fresh().await;
        let core = database.core().await;
        let tenant = add_tenant(&core.db, &core.by, "acme", "Acme").await.unwrap();
        let person = member(&core, tenant, "anna").await;
        House { database, core, anna: Owner { tenant, person } }
    }

    fn id(&self) -> DraftId {
        DraftId(self.core.ambient.uuid())
    }

    async fn save(&self, owner: Owner, id: DraftId, title: &str, basis: Option<i64>) -> Result<i64, Error> {
        let values = json!({ "cpus": 4, "name": "" }).as_object().unwrap().clone();
        let content = Content { title: title.into(), values };
        let draft = Save { id, plugin: "dcm", command: "request-vm", content: &content, basis };
        draft::save(&self.core.db, &self.core.keyring, owner, &draft, self.core.ambient.now()).await
    }

    async fn list(&self, owner: Owner) -> Vec<Draft> {
        draft::list(&self.core.db, &self.core.keyring, owner, self.core.ambient.now()).await.unwrap()
    }

    async fn rows(&self) -> i64 {
        sqlx::query_scalar("select count(*) from eaf.draft")
            .fetch_one(&mut self.database.superuser().await)
            .await
            .unwrap()
    }
}

async fn member(core: &Core, tenant: TenantId, name: &str) -> ActorId {
    let new = NewMember {
        issuer: "https://id.example.com".into(),
        subject: name.into(),
        name: name.into(),
        email: format!("{name}@acme.example"),
        locale: Locale::De,
        roles: vec!["requester".into()],
    };
    core.directory.put_member(&core.by, tenant, new).await.unwrap()
}

#[tokio::test]
async fn a_draft_is_changed_at_its_last_revision_alone() {
    let house = House::open().await;
    let (anna, id) = (house.anna, house.id());
    assert_eq!(house.save(anna, id, "first", None).await.unwrap(), 1);
    assert_eq!(house.save(anna, id, "second", Some(1)).await.unwrap(), 2);
    for stale in [None, Some(1), Some(3)] {
        let refused = house.save(anna, id, "other tab", stale).await;
        assert!(matches!(refused, Err(Error::ChangedMeanwhile)), "{stale:?}");
    }
    let found = house.list(anna).await.remove(0);
    assert_eq!((found.content.title.as_str(), found.revision, &found.content.values["cpus"]), ("second", 2, &json!(4)));
    assert_eq!(found.expires_at, found.changed_at + LIFETIME);

    let stale = draft::delete(&house.core.db, anna, id, Some(1)).await;
    assert!(matches!(stale, Err(Error::ChangedMeanwhile)), "the other machine's version stays");
    draft::delete(&house.core.db, anna, id, Some(2)).await.unwrap();
    draft::delete(&house.core.db, anna, id, Some(2)).await.unwrap();
    assert_eq!(house.list(anna).await, []);
    assert!(matches!(house.save(anna, id, "late", Some(2)).await, Err(Error::ChangedMeanwhile)), "it is gone");
}

#[tokio::test]
async fn nobody_else_reads_changes_or_deletes_a_draft() {
    let house = House::open().await;
    let id = house.id();
    house.save(house.anna, id, "Canary-Title", None).await.unwrap();
    let ben = Owner { person: member(&house.core, house.anna.tenant, "ben").await, ..house.anna };
    let globex = add_tenant(&house.core.db, &house.core.by, "globex", "Globex").await.unwrap();
    let abroad = Owner { tenant: globex, ..house.anna };
    for other in [ben, abroad] {
        assert_eq!(house.list(other).await, []);
        assert!(matches!(house.save(other, id, "mine", Some(1)).await, Err(Error::ChangedMeanwhile)));
        draft::delete(&house.core.db, other, id, None).await.unwrap();
    }
    assert!(matches!(house.save(ben, id, "mine", None).await, Err(Error::ChangedMeanwhile)), "the id is taken");
    assert_eq!(house.list(house.anna).await[0].content.title, "Canary-Title");
    let stored: String = sqlx::query_scalar("select encode(sealed, 'escape') from eaf.draft")
        .fetch_one(&mut house.database.superuser().await)
        .await
        .unwrap();
    assert!(!stored.contains("Canary"), "the content is sealed");
}

#[tokio::test]
async fn a_person_has_a_limited_number_of_drafts_also_when_saving_at_once() {
    let house = House::open().await;
    let saves = (0..MAX_DRAFTS + 5).map(|_| house.save(house.anna, house.id(), "machine", None));
    let saved = futures_util::future::join_all(saves).await;
    let refused = saved.iter().filter(|saved| matches!(saved, Err(Error::TooMany))).count();
    assert_eq!((refused, house.rows().await), (5, MAX_DRAFTS));
    let first = house.list(house.anna).await.pop().unwrap();
    assert_eq!(house.save(house.anna, first.id, "changed", Some(1)).await.unwrap(), 2, "a change needs no room");
    draft::delete(&house.core.db, house.anna, first.id, None).await.unwrap();
    house.save(house.anna, house.id(), "machine", None).await.unwrap();
}

#[tokio::test]
async fn each_draft_ends_by_its_lifetime_or_the_erasure_of_its_author() {
    let house = House::open().await;
    house.save(house.anna, house.id(), "old", None).await.unwrap();
    let later = Ambient { clock: Arc::new(Ahead(LIFETIME)), entropy: ambient().entropy };
    let late = Core::start(house.database.db().await, later, master_key(), CommandQuota::default());
    let read = draft::list(&late.db, &late.keyring, house.anna, late.ambient.now()).await.unwrap();
    assert_eq!(read, [], "it has expired");
    let pruned = retention::prune(&late.db, &late.ambient, &Retention::default()).await.unwrap();
    assert_eq!((pruned.rows, pruned.failures.len(), house.rows().await), (1, 0, 0));

    house.save(house.anna, house.id(), "new", None).await.unwrap();
    let Owner { tenant, person } = house.anna;
    house.core.directory.erase_member(&house.core.by, tenant, person).await.unwrap();
    assert_eq!(house.rows().await, 0);
}
