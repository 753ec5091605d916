//! Tests of mails of the host itself, such as invitations.

use super::*;
use eaf_capability::HostMail;
use eaf_test_support::fault_proxy::{FaultProxy, Rule};

fn templates() -> Templates {
    let part = |part: &str| match part {
        "html" => "<p>{{ tenant_name }}: {{ sign_in }}</p>".to_owned(),
        _ => "{{ tenant_name }}: {{ sign_in }}".to_owned(),
    };
    let names = ["de", "en"].map(|language| ["subject.txt", "txt", "html"].map(|name| (language, name)));
    let files: BTreeMap<String, String> =
        names.into_iter().flatten().map(|(language, name)| (format!("hello/{language}.{name}"), part(name))).collect();
    Templates::load(&files, Arc::new(Locales::load("", "").unwrap())).unwrap()
}

#[tokio::test]
async fn a_mail_of_the_host_goes_to_an_address_without_a_member() {
    let server = Maildev::start(&[]).await;
    let proxy = FaultProxy::start(server.address(), None).await.unwrap();
    let store = FakeStore::at(proxy.address());
    let (provider, templates) = (store.provider(), templates());
    let send = async |recipient: &str| {
        let mail = HostMail {
            recipient,
            locale: Locale::De,
            id: Uuid::new_v4(),
            trace: "4bf9",
            templates: &templates,
            template: "hello",
            facts: Map::from_iter([("sign_in".to_owned(), Value::from("https://eaf.example/x"))]),
        };
        provider.send_host_mail(TenantId::derive("acme"), "main", &mail).await.map_err(|failure| failure.code)
    };
    let to_ascii = proxy.rule(Rule::on("RCPT TO:<anna@xn--mller-kva.example>"));
    assert_eq!(send("anna@müller.example").await, Ok(()));
    assert_eq!(to_ascii.hits(), 1, "the domain is in ASCII for the server");
    let inbox = server.inbox().await;
    assert_eq!((inbox.len(), inbox[0].to[0].address.as_str()), (1, "anna@müller.example"));
    assert!(inbox[0].subject.ends_with(": https://eaf.example/x"), "{}", inbox[0].subject);
    assert!(store.log().is_empty(), "it is no mail of a product");

    assert_eq!(send("anna").await, Err("recipient-address-invalid".into()));
    proxy.rule(Rule::on("RCPT TO").answer("550 5.1.1 No such mailbox\r\n"));
    assert_eq!(send("nobody@acme.example").await, Err("recipient-refused".into()));
    store.pause(true);
    assert_eq!(send("anna@acme.example").await, Err("mail-paused".into()));
    assert_eq!(server.inbox().await.len(), 1);
}
