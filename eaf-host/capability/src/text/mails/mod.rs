//! Mail templates of a package: `mails/<template>/{de,en}.{subject.txt,txt,html}`. They are read
//! and checked when the package is loaded.
//!
//! To add a mail, write a folder with these six files. They are minijinja templates. A missing fact
//! is an error unless the template tests for the fact first (`{% if ip %}`). The `.html` file has
//! only the content; the host adds frame (`frame.html`) and styles (`inline.rs`). It may use the
//! classes `lead`, `facts`, `quote`, `button`, `small` and `code`. Line breaks in a fact become
//! `<br>`.
//!
//! | in a template | value |
//! |---|---|
//! | the facts of the call | arguments of the workflow |
//! | `recipient_name`, `tenant_name` | from the host; overrides a fact of the same name |
//! | `trace_id` | from the host, unless the facts contain it |
//! | `link("requests", request_id)` | a deep link into the web, segments escaped |
//! | `text("failures." ~ code, fallback)` | a sentence of the package's or the host's locales |
//! | `6250\|money` | `62.50 €` |
//! | `3\|plural("month", "months")` | `3 months` |
//! | `people\|names` | `A, B or C` |

mod inline;

use super::{Locales, format};
use eaf_core::actor::Locale;
use inline::styled;
use minijinja::value::{Rest, Serde};
use minijinja::{AutoEscape, Environment, Output, State, UndefinedBehavior, Value as Template, escape_formatter};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Maximum length, in characters, of a mail's subject; mail programs cut longer subjects.
const SUBJECT_MAX: usize = 200;
const LANGUAGES: [Locale; 2] = [Locale::De, Locale::En];
const PARTS: [&str; 3] = ["subject.txt", "txt", "html"];

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("mails/{path} is missing")]
    Missing { path: String },
    #[error("mails/{path} belongs to no mail: the files of a mail are {{de,en}}.{{subject.txt,txt,html}}")]
    Unknown { path: String },
    #[error("mails/{path} cannot be read as a template")]
    Syntax {
        path: String,
        #[source]
        cause: minijinja::Error,
    },
    #[error("the package has no mail `{0}`")]
    NoSuchMail(String),
    /// A mail template could not be rendered with the facts of the call. The error contains only
    /// the kind of the cause, because the cause may quote facts, which are personal.
    #[error("the mail could not be made from its facts: {kind} in mails/{path} line {line}")]
    Render { path: String, line: usize, kind: String },
}

/// Mail templates of one package.
pub struct Templates {
    /// Display name of the product that sends the mails. If it is empty, mails name only the
    /// tenant.
    product: String,
    names: BTreeSet<String>,
    de: Environment<'static>,
    en: Environment<'static>,
}

/// Facts that the host adds to the workflow's facts when it renders a mail.
pub struct HostFacts<'a> {
    pub recipient_name: &'a str,
    pub tenant_name: &'a str,
    pub trace_id: &'a str,
    /// Public URL of the host, without a trailing slash.
    pub public_url: &'a str,
    /// Mail address for answers; `None`: the mail says that answers are not read.
    pub reply_to: Option<&'a str>,
}

/// Rendered content of a mail, without sender and recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Subject of the mail, in one line.
    pub subject: String,
    pub text: String,
    pub html: String,
}

impl Templates {
    /// Loads mail templates. `files` has the template texts by their path below `mails/`. Refuses a
    /// mail that lacks a language or a part, and a file that belongs to no mail.
    pub fn load(files: &BTreeMap<String, String>, locales: Arc<Locales>) -> Result<Self, Error> {
        let mut names = BTreeSet::new();
        for path in files.keys() {
            let unknown = || Error::Unknown { path: path.clone() };
            let (name, file) = path.split_once('/').ok_or_else(unknown)?;
            let (language, part) = file.split_once('.').ok_or_else(unknown)?;
            if !LANGUAGES.iter().any(|known| known.as_str() == language) || !PARTS.contains(&part) {
                return Err(unknown());
            }
            names.insert(name.to_owned());
        }
        let de = environment(Locale::De, &names, files, locales.clone())?;
        let en = environment(Locale::En, &names, files, locales)?;
        Ok(Templates { product: String::new(), names, de, en })
    }

    /// Sets the display name of the product that sends the mails.
    pub fn of(self, product: &str) -> Self {
        Templates { product: product.to_owned(), ..self }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    pub fn render(
        &self,
        name: &str,
        locale: Locale,
        facts: &Map<String, Value>,
        host: &HostFacts,
    ) -> Result<Rendered, Error> {
        if !self.names.contains(name) {
            return Err(Error::NoSuchMail(name.to_owned()));
        }
        let mut all = facts.clone();
        all.insert("recipient_name".into(), host.recipient_name.into());
        all.insert("tenant_name".into(), host.tenant_name.into());
        // The facts may contain the trace id of another run, for example of a failed run.
        all.entry("trace_id").or_insert_with(|| host.trace_id.into());
        all.insert("public_url".into(), host.public_url.into());
        all.insert("locale".into(), locale.as_str().into());

        let subject = one_line(&self.part(name, locale, "subject.txt", &all)?);
        let footer = footer(locale, host.reply_to);
        let text = tidy(&self.part(name, locale, "txt", &all)?);
        let text = format!("{text}\n-- \n{} · {footer}\n", one_line(host.tenant_name));
        all.insert("subject".into(), subject.clone().into());
        let content = self.part(name, locale, "html", &all)?;
        let html = self.frame(locale, &all, content, &footer)?;
        Ok(Rendered { subject, text, html })
    }

    fn part(&self, name: &str, locale: Locale, part: &str, facts: &Map<String, Value>) -> Result<String, Error> {
        let path = path(name, locale, part);
        self.language(locale)
            .get_template(&path)
            .and_then(|template| template.render(Serde(facts)))
            .map_err(|cause| render_error(path, &cause))
    }

    fn frame(
        &self,
        locale: Locale,
        facts: &Map<String, Value>,
        content: String,
        footer: &str,
    ) -> Result<String, Error> {
        let context = minijinja::context! {
            content => Template::from_safe_string(content),
            subject => Serde(&facts["subject"]),
            product => &self.product,
            tenant_name => Serde(&facts["tenant_name"]),
            locale => locale.as_str(),
            footer => footer,
        };
        self.language(locale)
            .get_template("frame.html")
            .and_then(|frame| frame.render(context))
            .map_err(|cause| render_error("frame.html".into(), &cause))
    }

    fn language(&self, locale: Locale) -> &Environment<'static> {
        match locale {
            Locale::De => &self.de,
            Locale::En => &self.en,
        }
    }
}

fn environment(
    locale: Locale,
    names: &BTreeSet<String>,
    files: &BTreeMap<String, String>,
    locales: Arc<Locales>,
) -> Result<Environment<'static>, Error> {
    let mut environment = format::environment(locale);
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_auto_escape_callback(|name| match name.ends_with(".html") {
        true => AutoEscape::Html,
        false => AutoEscape::None,
    });
    environment.set_formatter(with_line_breaks);
    environment.add_function("link", link);
    environment.add_function("text", move |key: &str, fallback: String| {
        locales.find(key, &Map::new(), locale).unwrap_or(fallback)
    });
    let frame = include_str!("frame.html");
    environment
        .add_template("frame.html", frame)
        .map_err(|cause| Error::Syntax { path: "frame.html".into(), cause })?;
    for name in names {
        for part in PARTS {
            let path = path(name, locale, part);
            let source = files.get(&path).ok_or_else(|| Error::Missing { path: path.clone() })?;
            let source = if part == "html" { styled(source) } else { source.clone() };
            environment.add_template_owned(path.clone(), source).map_err(|cause| Error::Syntax { path, cause })?;
        }
    }
    Ok(environment)
}

fn path(name: &str, locale: Locale, part: &str) -> String {
    format!("{name}/{}.{part}", locale.as_str())
}

fn render_error(path: String, cause: &minijinja::Error) -> Error {
    Error::Render { path, line: cause.line().unwrap_or(0), kind: cause.kind().to_string() }
}

/// Footer of a mail, which says whether answers are read and that they have no effect, because
/// approvers may try to decide by answering.
fn footer(locale: Locale, reply_to: Option<&str>) -> String {
    match (locale, reply_to) {
        (Locale::De, None) => "Diese Nachricht wurde automatisch gesendet. Antworten darauf liest niemand.".into(),
        (Locale::En, None) => "This message was sent automatically. Nobody reads answers to it.".into(),
        (Locale::De, Some(to)) => {
            format!("Diese Nachricht wurde automatisch gesendet. Antworten gehen an {to} und bewirken nichts.")
        }
        (Locale::En, Some(to)) => {
            format!("This message was sent automatically. Answers go to {to} and have no effect.")
        }
    }
}

/// Writes the line breaks of a fact as `<br>` in HTML, because Outlook ignores the style
/// `white-space`.
fn with_line_breaks(out: &mut Output, state: &mut State, value: &Template) -> Result<(), minijinja::Error> {
    let lines = match state.auto_escape() {
        AutoEscape::Html if !value.is_safe() => value.as_str().filter(|text| text.contains('\n')),
        _ => None,
    };
    let Some(text) = lines else { return escape_formatter(out, state, value) };
    for (number, line) in text.lines().enumerate() {
        if number > 0 {
            out.write_str("<br>")?;
        }
        escape_formatter(out, state, &Template::from(line))?;
    }
    Ok(())
}

/// Builds a URL of the host from path segments. All characters of a segment except unreserved ones
/// are escaped, so that a fact cannot become several segments.
fn link(state: &State, segments: Rest<String>) -> Template {
    let mut address = state.lookup("public_url").map(|url| url.to_string()).unwrap_or_default();
    for segment in segments.iter() {
        address.push('/');
        // A segment of dots only, such as `..`, is replaced, because browsers resolve it even if it
        // is escaped.
        if segment.chars().all(|c| c == '.') {
            address.push('-');
            continue;
        }
        for byte in segment.bytes() {
            match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.' => address.push(char::from(byte)),
                _ => address.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    // The URL needs no HTML escaping: its segments are escaped above, and the deployment configures
    // and checks the public URL.
    Template::from_safe_string(address)
}

/// Replaces line breaks and repeated spaces by one space, because a subject is a header and must be
/// one line.
fn one_line(subject: &str) -> String {
    let words: Vec<&str> = subject.split(|c: char| c.is_control() || c.is_whitespace()).collect();
    let mut line = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    if line.chars().count() > SUBJECT_MAX {
        line = line.chars().take(SUBJECT_MAX - 1).collect();
        line.push('…');
    }
    line
}

/// Reduces several blank lines in succession to one. Conditions in a template leave such lines.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = 0;
    for line in text.lines().map(str::trim_end) {
        blank = if line.is_empty() { blank + 1 } else { 0 };
        if blank > 1 || (blank == 1 && tidy.is_empty()) {
            continue;
        }
        tidy.push_str(line);
        tidy.push('\n');
    }
    let end = tidy.trim_end().len();
    tidy.truncate(end);
    tidy.push('\n');
    tidy
}

#[cfg(test)]
mod tests {
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
            files
                .insert(format!("hello/{language}.txt"), "{{ name }}, {{ cents|money }}\n{{ link('x', name) }}".into());
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
        assert!(
            matches!(Templates::load(&files, locales()), Err(Error::Syntax { path, .. }) if path == "hello/en.html")
        );
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
}
