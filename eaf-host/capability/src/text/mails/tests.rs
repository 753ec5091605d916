//! Tests of mail templates.

use super::*;
use serde_json::json;

const HOST: HostFacts = HostFacts {
    recipient_name: "Jörg Müller",
    tenant_name: "Acme <GmbH>",
    trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
    public_url: "https://eaf.example.com",
    reply_to: None,
};

fn files() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for language in ["de", "en"] {
        files.insert(format!("hello/{language}.subject.txt"), "Hello {{ name }}".to_owned());
        files.insert(format!("hello/{language}.txt"), "{{ name }}, {{ cents|money }}\n{{ link('x', name) }}".into());
        files.insert(
            format!("hello/{language}.html"),
            "<p>{{ name }} {{ cents|money }} <a href=\"{{ link('x', name) }}\">x</a></p>".into(),
        );
    }
    files
}

fn locales() -> Arc<Locales> {
    Arc::new(Locales::load("[failures]\nx = 'Satz.'", "[failures]\nx = 'Sentence.'").unwrap())
}

/// Plain text of the rendered mail without its footer.
fn body(mail: &Rendered) -> &str {
    mail.text.split_once("\n\n-- \n").expect("a footer").0
}

#[test]
fn the_lines_of_a_fact_stay_lines_and_nothing_of_it_becomes_markup() {
    let mail = render(json!({"name": "one\ntwo <br>\r\nthree", "cents": 1})).unwrap();
    assert!(mail.html.contains("one<br>two &lt;br&gt;<br>three"), "{}", mail.html);
}

#[test]
fn a_mail_says_whether_answers_are_read() {
    let facts = json!({"name": "n", "cents": 1});
    let said = |reply_to| {
        let host = HostFacts { reply_to, ..HOST };
        let templates = Templates::load(&files(), locales()).unwrap();
        templates.render("hello", Locale::En, facts.as_object().unwrap(), &host).unwrap()
    };
    for (mail, sentence) in [
        (said(None), "Nobody reads answers to it."),
        (said(Some("desk@acme.example")), "Answers go to desk@acme.example and have no effect."),
    ] {
        assert!(mail.text.contains(sentence) && mail.html.contains(sentence), "{}", mail.text);
    }
}

#[test]
fn a_mail_is_headed_as_the_product_is() {
    let facts = json!({"name": "n", "cents": 1});
    let templates = Templates::load(&files(), locales()).unwrap();
    let head = |templates: &Templates| {
        let mail = templates.render("hello", Locale::En, facts.as_object().unwrap(), &HOST).unwrap();
        mail.html.split_once("<p ").unwrap().0.rsplit_once("</td><td").unwrap().1.to_owned()
    };
    assert!(head(&templates).contains(">Acme &lt;GmbH&gt;</span></td>"), "{}", head(&templates));
    let templates = templates.of("Shop");
    let named = head(&templates);
    assert!(named.contains(">Shop</span><br>") && named.contains(">Acme &lt;GmbH&gt;</span></td>"), "{named}");
}

fn render(facts: Value) -> Result<Rendered, Error> {
    let templates = Templates::load(&files(), locales()).unwrap();
    templates.render("hello", Locale::De, facts.as_object().unwrap(), &HOST)
}

#[test]
fn a_fact_is_escaped_in_html_and_in_links_and_plain_in_text() {
    let mail = render(json!({"name": "<b>&\"/..", "cents": 6200})).unwrap();
    assert_eq!(mail.subject, "Hello <b>&\"/..");
    assert_eq!(body(&mail), "<b>&\"/.., 62 €\nhttps://eaf.example.com/x/%3Cb%3E%26%22%2F..");
    assert!(mail.html.contains(">&lt;b&gt;&amp;&quot;&#x2f;.. 62\u{a0}€ "), "{}", mail.html);
    assert!(mail.html.contains("href=\"https://eaf.example.com/x/%3Cb%3E%26%22%2F..\""), "{}", mail.html);
    assert!(mail.html.contains("Acme &lt;GmbH&gt;"), "the frame escapes too");
}

#[test]
fn a_subject_is_one_line_whatever_the_facts_contain() {
    let mail = render(json!({"name": "x\r\nBcc: thief@example.com\u{2028}y\0z", "cents": 1})).unwrap();
    assert_eq!(mail.subject, "Hello x Bcc: thief@example.com y z");
    let mail = render(json!({"name": "ä".repeat(1000), "cents": 1})).unwrap();
    assert_eq!(mail.subject.chars().count(), SUBJECT_MAX);
}

#[test]
fn a_link_never_leaves_its_place() {
    let mail = render(json!({"name": "..", "cents": 1})).unwrap();
    assert!(body(&mail).ends_with("https://eaf.example.com/x/-"), "{}", mail.text);
}

#[test]
fn a_fact_is_never_run_as_a_template() {
    assert_eq!(render(json!({"name": "{{ 6*7 }}", "cents": 1})).unwrap().subject, "Hello {{ 6*7 }}");
}

#[test]
fn a_missing_fact_is_an_error_that_quotes_no_fact() {
    let error = render(json!({"name": "Secret Name"})).unwrap_err().to_string();
    assert!(error.contains("mails/hello/de.txt line 1"), "{error}");
    assert!(!error.contains("Secret"), "{error}");
}

#[test]
fn a_mail_that_lacks_a_language_or_a_part_is_refused_at_load() {
    for path in files().keys() {
        let mut files = files();
        files.remove(path);
        let error = Templates::load(&files, locales()).err().expect("refused");
        assert_eq!(error.to_string(), format!("mails/{path} is missing"));
    }
}

#[test]
fn a_file_that_belongs_to_no_mail_is_refused() {
    for path in ["hello/fr.txt", "hello/de.md", "readme", "hello/de"] {
        let mut files = files();
        files.insert(path.into(), "x".into());
        assert!(matches!(Templates::load(&files, locales()), Err(Error::Unknown { .. })), "{path}");
    }
}

#[test]
fn a_broken_template_is_refused_at_load() {
    let mut files = files();
    files.insert("hello/en.html".into(), "{% if x %}".into());
    assert!(matches!(Templates::load(&files, locales()), Err(Error::Syntax { path, .. }) if path == "hello/en.html"));
}

#[test]
fn a_sentence_of_the_locales_is_in_the_mails_language() {
    let mut files = files();
    for language in ["de", "en"] {
        files.insert(
            format!("hello/{language}.txt"),
            "{{ text('failures.' ~ code, message) }}\n\n\n\n{% if no %}no{% endif %}\n\nend".into(),
        );
    }
    let templates = Templates::load(&files, locales()).unwrap();
    let text = |locale, code: &str| {
        let facts = json!({"name": "n", "cents": 1, "code": code, "message": "Raw."});
        body(&templates.render("hello", locale, facts.as_object().unwrap(), &HOST).unwrap()).to_owned()
    };
    assert_eq!(text(Locale::De, "x"), "Satz.\n\nend");
    assert_eq!(text(Locale::En, "x"), "Sentence.\n\nend");
    assert_eq!(text(Locale::De, "unknown"), "Raw.\n\nend");
}

#[test]
fn a_mail_that_does_not_exist_is_named() {
    let templates = Templates::load(&files(), locales()).unwrap();
    let error = templates.render("bye", Locale::De, &Map::new(), &HOST).unwrap_err();
    assert_eq!(error.to_string(), "the package has no mail `bye`");
}
