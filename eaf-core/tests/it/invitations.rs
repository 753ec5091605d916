//! Tests of invitations: accepted once by the identity with the verified address, and refused
//! otherwise.

use eaf_core::Core;
use eaf_core::actor::{Attribution, Locale, TraceId};
use eaf_core::audit::trail::{Bounds, Filter, page};
use eaf_core::directory::{
    Acceptance, Basis, Error, Invitation, MailAddress, NewInvitation, NewMember, Newcomer, add_tenant, create_tenant,
    purge_invitations,
};
use eaf_core::id::{InvitationId, TenantId};
use eaf_core::testing::Database;
use serde_json::{Value, json};
use uuid::Uuid;

const ISSUER: &str = "https://id.example.com";
const CANARY: &str = "canary.berger@acme.example";

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
        core.directory.put_group(&core.by, acme, "lab", "Laboratory", &Basis::Any).await.unwrap();
        Firm { core, acme, database }
    }

    async fn invite(&self, address: &str) -> Result<Invitation, Error> {
        let new = NewInvitation {
            address: MailAddress::parse(address)?,
            locale: Locale::De,
            roles: vec!["approver".into()],
            groups: vec!["lab".into()],
        };
        self.core.directory.invite(&self.core.by, self.acme, &new).await
    }

    async fn accept(&self, link: Option<InvitationId>, person: &Newcomer) -> Acceptance {
        let trace = TraceId("4bf9".into());
        self.core.directory.accept_invitation("acme", link, person, &trace).await.unwrap()
    }

    async fn expire_all(&self) {
        self.database.run("update eaf.invitation set expires_at = now() - interval '1 second'").await;
    }

    /// Acts of the tenant's audit that begin with `prefix`, the oldest first, with their changes.
    async fn acts(&self, prefix: &str) -> Vec<(String, Value)> {
        let mut tx = self.core.db.tenant(self.acme).await.unwrap();
        let bounds = Bounds { items: 200, examined: 1_000 };
        let page = page(&mut tx, &Filter::default(), None, bounds).await.unwrap();
        let acts = page.items.into_iter().filter(|item| item.act.starts_with(prefix)).rev();
        acts.map(|item| (item.act, item.change.unwrap_or_default())).collect()
    }
}

fn person(subject: &str, address: &str) -> Newcomer {
    let address = Some(MailAddress::parse(address).unwrap());
    Newcomer {
        issuer: ISSUER.into(), subject: subject.into(), name: "Änna 👩‍🚀 בֶּרְגֶר".into(), address, is_verified: true
    }
}

#[tokio::test]
async fn a_verified_address_becomes_a_member_once() {
    let firm = Firm::open().await;
    let invitation = firm.invite(CANARY).await.unwrap();
    let dump = || async { format!("{:?}", firm.database.dump().await) };
    assert!(!dump().await.contains("canary"), "the address is sealed");

    let anna = person("anna", "Canary.BERGER@acme.example");
    assert_eq!(firm.accept(Some(invitation.id), &anna).await, Acceptance::Accepted);
    let member = firm.core.directory.find_member(firm.acme, ISSUER, "anna").await.unwrap().expect("a member");
    assert_eq!((member.name.as_str(), member.locale), ("Änna 👩‍🚀 בֶּרְגֶר", Locale::De));
    assert_eq!((member.roles, member.affiliation.groups), (vec!["approver".to_owned()], vec!["lab".to_owned()]));
    assert_eq!(member.email, "Canary.BERGER@acme.example");

    // The same identity uses nothing twice; another identity with the address is refused.
    assert_eq!(firm.accept(Some(invitation.id), &anna).await, Acceptance::Accepted);
    let other = person("other", CANARY);
    assert_eq!(firm.accept(Some(invitation.id), &other).await, Acceptance::Used);
    assert_eq!(firm.accept(None, &other).await, Acceptance::NoInvitation);
    assert_eq!(firm.core.directory.members(firm.acme).await.unwrap().len(), 1);
    assert!(firm.core.directory.invitations(firm.acme).await.unwrap().is_empty());

    let expected = json!({
        "old": null,
        "new": { "member": member.actor, "roles": ["approver"], "groups": ["lab"] },
    });
    let acts = firm.acts("invitation").await;
    assert_eq!(acts.iter().map(|(act, _)| act.as_str()).collect::<Vec<_>>(), ["invitation.add", "invitation.accept"]);
    assert_eq!(acts[1].1, expected);
    assert_eq!(acts[0].1["new"]["roles"], json!(["approver"]));
    assert!(!format!("{acts:?}").contains('@'), "the audit has no address");
}

#[tokio::test]
async fn an_invitation_without_its_link_is_accepted_by_the_address() {
    let firm = Firm::open().await;
    firm.invite(CANARY).await.unwrap();
    assert_eq!(firm.accept(None, &person("x", "x@acme.example")).await, Acceptance::NoInvitation);
    let unverified = Newcomer { is_verified: false, ..person("x", CANARY) };
    assert_eq!(firm.accept(None, &unverified).await, Acceptance::NoInvitation, "shows nothing of the invitation");
    assert_eq!(firm.accept(None, &person("anna", CANARY)).await, Acceptance::Accepted);
}

#[tokio::test]
async fn an_invitation_that_does_not_fit_is_refused_with_its_reason() {
    let firm = Firm::open().await;
    let anna = person("anna", CANARY);
    let open = firm.invite(CANARY).await.unwrap().id;
    let unverified = Newcomer { is_verified: false, ..person("anna", CANARY) };
    let nameless = Newcomer { address: None, ..person("anna", CANARY) };
    assert_eq!(firm.accept(Some(open), &unverified).await, Acceptance::Unverified);
    assert_eq!(firm.accept(Some(open), &nameless).await, Acceptance::Unverified);
    assert_eq!(firm.accept(Some(open), &person("b", "b@acme.example")).await, Acceptance::OtherAddress);
    assert_eq!(firm.accept(Some(InvitationId(Uuid::nil())), &anna).await, Acceptance::NoInvitation);

    // A link of this tenant has no meaning in another one.
    create_tenant(&firm.core.db, &firm.core.by, "globex", "Globex").await.unwrap();
    let trace = TraceId("4bf9".into());
    for slug in ["globex", "nowhere"] {
        let elsewhere = firm.core.directory.accept_invitation(slug, Some(open), &anna, &trace).await.unwrap();
        assert_eq!(elsewhere, Acceptance::NoInvitation, "{slug}");
    }

    firm.expire_all().await;
    assert_eq!(firm.accept(Some(open), &anna).await, Acceptance::Expired);
    assert_eq!(firm.accept(None, &anna).await, Acceptance::Expired);
    let next = firm.invite(CANARY).await.expect("an expired invitation is replaced").id;
    assert_eq!(firm.accept(Some(open), &anna).await, Acceptance::Expired);
    firm.core.directory.withdraw_invitation(&firm.core.by, firm.acme, next).await.unwrap();
    assert_eq!(firm.accept(Some(next), &anna).await, Acceptance::Withdrawn);
    let again = firm.core.directory.withdraw_invitation(&firm.core.by, firm.acme, next).await;
    assert!(matches!(again, Err(Error::NoInvitation)), "{again:?}");
    assert!(firm.core.directory.members(firm.acme).await.unwrap().is_empty());
}

#[tokio::test]
async fn two_sign_ins_at_once_use_an_invitation_once() {
    let firm = Firm::open().await;
    let link = Some(firm.invite(CANARY).await.unwrap().id);
    let (one, other) = (person("one", CANARY), person("other", CANARY));
    let (a, b, c) = tokio::join!(firm.accept(link, &one), firm.accept(link, &one), firm.accept(link, &other));
    let members = firm.core.directory.members(firm.acme).await.unwrap();
    assert_eq!(members.len(), 1);
    match members[0].subject.as_str() {
        "one" => assert_eq!((a, b, c), (Acceptance::Accepted, Acceptance::Accepted, Acceptance::Used)),
        _ => assert_eq!((a, b, c), (Acceptance::Used, Acceptance::Used, Acceptance::Accepted)),
    }
    assert_eq!(firm.acts("invitation.accept").await.len(), 1);
}

#[tokio::test]
async fn an_address_is_invited_once_and_no_member_is_invited() {
    let firm = Firm::open().await;
    firm.invite(CANARY).await.unwrap();
    let refused = firm.invite("CANARY.berger@ACME.example").await.err();
    assert!(matches!(refused, Some(Error::AlreadyInvited)), "{refused:?}");
    assert_eq!(firm.accept(None, &person("anna", CANARY)).await, Acceptance::Accepted);
    let refused = firm.invite(CANARY).await.err();
    assert!(matches!(refused, Some(Error::AlreadyMember)), "{refused:?}");

    // A removed member is invited, and comes back as the same actor.
    let anna = firm.core.directory.find_member(firm.acme, ISSUER, "anna").await.unwrap().unwrap().actor;
    firm.core.directory.remove_member(&firm.core.by, firm.acme, anna).await.unwrap();
    firm.invite(CANARY).await.unwrap();
    assert_eq!(firm.accept(None, &person("anna", CANARY)).await, Acceptance::Accepted);
    let back = firm.core.directory.find_member(firm.acme, ISSUER, "anna").await.unwrap().unwrap();
    assert_eq!((back.actor, back.roles), (anna, vec!["approver".to_owned()]));

    let unknown = NewInvitation {
        address: MailAddress::parse("b@acme.example").unwrap(),
        locale: Locale::En,
        roles: vec!["approver".into()],
        groups: vec!["nowhere".into()],
    };
    let refused = firm.core.directory.invite(&firm.core.by, firm.acme, &unknown).await.err();
    assert!(matches!(refused, Some(Error::NoGroup)), "{refused:?}");
}

#[tokio::test]
async fn an_identity_is_invited_to_several_tenants() {
    let firm = Firm::open().await;
    let globex = add_tenant(&firm.core.db, &firm.core.by, "globex", "Globex").await.unwrap();
    let anna = person("anna", CANARY);
    firm.invite(CANARY).await.unwrap();
    assert_eq!(firm.accept(None, &anna).await, Acceptance::Accepted);
    let address = MailAddress::parse(CANARY).unwrap();
    let by = &firm.core.by;
    let first = firm.core.directory.invite_first_admin(by, globex, address.clone(), Locale::En).await.unwrap();
    assert_eq!((first.roles, first.groups), (vec!["admin".to_owned()], vec![]));
    let trace = TraceId("4bf9".into());
    let accepted = firm.core.directory.accept_invitation("globex", Some(first.id), &anna, &trace).await.unwrap();
    assert_eq!(accepted, Acceptance::Accepted);
    let second = firm.core.directory.invite_first_admin(by, globex, address, Locale::En).await.err();
    assert!(matches!(second, Some(Error::HasAdmin)), "{second:?}");
    assert_eq!(firm.core.directory.members(firm.acme).await.unwrap()[0].roles, ["approver"]);
}

#[tokio::test]
async fn an_expired_invitation_is_deleted_with_its_address() {
    let firm = Firm::open().await;
    let id = firm.invite(CANARY).await.unwrap().id;
    let purge = || async { purge_invitations(&firm.core.directory, &firm.core.by).await.unwrap() };
    assert_eq!(purge().await, 0);
    firm.expire_all().await;
    assert_eq!(purge().await, 1);
    assert_eq!(purge().await, 0);
    assert_eq!(firm.accept(Some(id), &person("anna", CANARY)).await, Acceptance::Expired);
    let acts = firm.acts("invitation").await;
    assert_eq!((acts[1].0.as_str(), &acts[1].1["new"]), ("invitation.expire", &Value::Null));
    assert_eq!(acts[1].1["old"]["groups"], json!(["lab"]));

    // The invitation's key is destroyed, so that no backup of the address opens.
    let key = "do $$ begin assert (select wrapped is null and destroyed_at is not null from eaf.subject_key
                 where subject_id = (select invitation_id from eaf.invitation)); end $$";
    firm.database.run(key).await;
    firm.database.run("update eaf.invitation set ended_at = now() - interval '91 days'").await;
    purge().await;
    assert_eq!(firm.accept(Some(id), &person("anna", CANARY)).await, Acceptance::NoInvitation);
}

#[tokio::test]
async fn a_name_of_a_token_is_one_line_of_at_most_200_characters() {
    let firm = Firm::open().await;
    for (name, shown) in [
        ("Anna\r\n\u{0}Berger ".to_owned(), "Anna   Berger".to_owned()),
        ("👩".repeat(300), "👩".repeat(200)),
        ("\u{0} ".to_owned(), CANARY.to_owned()),
        (String::new(), CANARY.to_owned()),
    ] {
        let link = firm.invite(CANARY).await.unwrap().id;
        let subject = Uuid::new_v4().to_string();
        assert_eq!(firm.accept(Some(link), &Newcomer { name, ..person(&subject, CANARY) }).await, Acceptance::Accepted);
        let member = firm.core.directory.find_member(firm.acme, ISSUER, &subject).await.unwrap().unwrap();
        assert_eq!(member.name, shown);
        firm.core.directory.remove_member(&firm.core.by, firm.acme, member.actor).await.unwrap();
    }
}

#[tokio::test]
async fn the_mail_of_an_invitation_is_recorded() {
    let firm = Firm::open().await;
    let id = firm.invite(CANARY).await.unwrap().id;
    let mail = || async {
        let invitation = firm.core.directory.invitation(firm.acme, id).await.unwrap();
        (invitation.mailed_at.is_some(), invitation.mail_error)
    };
    let record = |error: Option<&'static str>| {
        let (directory, acme) = (&firm.core.directory, firm.acme);
        async move { directory.record_invitation_mail(acme, id, error).await.unwrap() }
    };
    assert_eq!(mail().await, (false, None));
    record(Some("mail-unreachable")).await;
    assert_eq!(mail().await, (false, Some("mail-unreachable".to_owned())));
    record(None).await;
    assert_eq!(mail().await, (true, None));
}

#[tokio::test]
async fn an_admin_who_comes_by_invitation_is_the_author_of_the_acceptance() {
    let firm = Firm::open().await;
    let inviter = NewMember {
        issuer: ISSUER.into(),
        subject: "boss".into(),
        name: "Boss".into(),
        email: "boss@acme.example".into(),
        locale: Locale::En,
        roles: vec!["admin".into()],
    };
    let boss = firm.core.directory.put_member(&firm.core.by, firm.acme, inviter).await.unwrap();
    let by = Attribution { actor: boss, ..firm.core.by.clone() };
    let new = NewInvitation {
        address: MailAddress::parse(CANARY).unwrap(),
        locale: Locale::En,
        roles: vec!["admin".into()],
        groups: vec![],
    };
    let invitation = firm.core.directory.invite(&by, firm.acme, &new).await.unwrap();
    assert_eq!(invitation.invited_by, boss);
    assert_eq!(firm.accept(Some(invitation.id), &person("anna", CANARY)).await, Acceptance::Accepted);
    let anna = firm.core.directory.find_member(firm.acme, ISSUER, "anna").await.unwrap().unwrap().actor;
    // Either admin may now remove the other, and the last one stays.
    firm.core.directory.remove_member(&by, firm.acme, boss).await.unwrap();
    let last = firm.core.directory.remove_member(&by, firm.acme, anna).await;
    assert!(matches!(last, Err(Error::LastAdmin)), "{last:?}");
}
