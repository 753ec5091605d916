//! Mail templates of a package: `mails/<template>/{de,en}.{subject.txt,txt,html}`. They are read
//! and checked when the package is loaded.
//!
//! To add a mail, write a folder with these six files. They are minijinja templates. A missing fact
//! is an error unless the template tests for the fact first (`{% if ip %}`). The `.html` file has
//! only the content; the host adds frame (`frame.html`) and styles (`inline.rs`). It may use the
//! classes `lead`, `facts`, `quote`, `button`, `small` and `code`. Line breaks in a fact become
//! `<br>`.
//!
//! `mails/kinds.toml` says which mails may wait for a digest, and which a person may turn off
//! ([`Kind`]).
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

pub mod digest;
mod direction;
mod inline;
mod kinds;

pub use kinds::Kind;

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
/// Name under which rendering stores the link that a template made last.
const LAST_LINK: &str = "last-link";
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
    #[error("mails/{path} cannot be read")]
    Kinds {
        path: &'static str,
        #[source]
        cause: Box<toml::de::Error>,
    },
    #[error("mails/{path} names `{name}`, which is no mail of the package")]
    KindWithoutMail { path: &'static str, name: String },
    #[error("mails/{path} names `{name}`: the locales need its name for people, `mails.{name}`")]
    KindWithoutName { path: &'static str, name: String },
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
    kinds: BTreeMap<String, Kind>,
    locales: Arc<Locales>,
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
    /// Loads mail templates and kinds. `files` has the texts by their path below `mails/`. Refuses
    /// a mail that lacks a language or a part, and a file that belongs to no mail.
    pub fn load(files: &BTreeMap<String, String>, locales: Arc<Locales>) -> Result<Self, Error> {
        let mut names = BTreeSet::new();
        for path in files.keys().filter(|path| *path != kinds::PATH) {
            let unknown = || Error::Unknown { path: path.clone() };
            let (name, file) = path.split_once('/').ok_or_else(unknown)?;
            let (language, part) = file.split_once('.').ok_or_else(unknown)?;
            if !LANGUAGES.iter().any(|known| known.as_str() == language) || !PARTS.contains(&part) {
                return Err(unknown());
            }
            names.insert(name.to_owned());
        }
        let kinds = kinds::read(files, &names, &locales)?;
        let de = environment(Locale::De, &names, files, locales.clone())?;
        let en = environment(Locale::En, &names, files, locales.clone())?;
        Ok(Templates { product: String::new(), names, kinds, locales, de, en })
    }

    /// Sets the display name of the product that sends the mails.
    pub fn of(self, product: &str) -> Self {
        Templates { product: product.to_owned(), ..self }
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(String::as_str)
    }

    /// Kind of a mail. A mail that `kinds.toml` does not name is sent at once to everyone.
    pub fn kind(&self, name: &str) -> Kind {
        self.kinds.get(name).cloned().unwrap_or_default()
    }

    /// Kinds of mails that `kinds.toml` names, by template.
    pub fn kinds(&self) -> impl Iterator<Item = (&str, &Kind)> {
        self.kinds.iter().map(|(name, kind)| (name.as_str(), kind))
    }

    /// Name of a kind of mails for people, such as “decided by others”.
    pub fn kind_name(&self, name: &str, locale: Locale) -> String {
        self.locales.plain(&kinds::key(name), locale).unwrap_or_else(|| name.to_owned())
    }

    pub fn render(
        &self,
        name: &str,
        locale: Locale,
        facts: &Map<String, Value>,
        host: &HostFacts,
    ) -> Result<Rendered, Error> {
        let mut all = self.facts(name, locale, facts, host)?;
        let subject = one_line(&self.part(name, locale, "subject.txt", &all)?);
        let footer = footer(locale, host.reply_to);
        let text = tidy(&self.part(name, locale, "txt", &all)?);
        let text = format!("{text}\n-- \n{} · {footer}\n", one_line(host.tenant_name));
        all.insert("subject".into(), subject.clone().into());
        let content = self.part(name, locale, "html", &all)?;
        let html = self.frame(locale, &all, content, &footer)?;
        Ok(Rendered { subject, text, html })
    }

    /// Facts of the call with those of the host.
    fn facts(
        &self,
        name: &str,
        locale: Locale,
        facts: &Map<String, Value>,
        host: &HostFacts,
    ) -> Result<Map<String, Value>, Error> {
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
        all.values_mut().for_each(direction::remove_forced);
        Ok(all)
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
fn link(state: &mut State, segments: Rest<String>) -> Template {
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
    let address = Template::from_safe_string(address);
    state.set_temp(LAST_LINK, address.clone());
    address
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
mod tests;
