//! Sentences of a package. They are found by key, such as `rejections.own-request`, and parameters
//! are inserted into them.

use super::{audit, failures, format};
use eaf_core::actor::Locale;
use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("locales/{locale}.toml is not TOML")]
    Toml {
        locale: &'static str,
        #[source]
        cause: Box<toml::de::Error>,
    },
    #[error("locales/{locale}.toml: `{key}` is not a text")]
    NotText { locale: &'static str, key: String },
    #[error("locales/{locale}.toml: `{key}` is empty")]
    Empty { locale: &'static str, key: String },
    #[error("locales/{locale}.toml: `{key}` cannot be read as a template")]
    Template {
        locale: &'static str,
        key: String,
        #[source]
        cause: minijinja::Error,
    },
    #[error("two capabilities have the text `{key}` ({locale})")]
    Duplicate { locale: &'static str, key: String },
    #[error("the audit texts of {capability} ({locale}) are not those of its functions: {}", keys.join(", "))]
    AuditTexts { capability: &'static str, locale: &'static str, keys: Vec<String> },
    #[error("locales/{locale}.toml lacks {}", keys.join(", "))]
    Missing { locale: &'static str, keys: Vec<String> },
}

/// Texts of a capability in both languages, as TOML.
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    pub de: &'static str,
    pub en: &'static str,
}

impl Texts {
    /// Texts of one language by key. The parts of a key are joined by dots.
    pub(super) fn parse(self, locale: Locale) -> Result<BTreeMap<String, String>, Error> {
        let source = match locale {
            Locale::De => self.de,
            Locale::En => self.en,
        };
        parse(locale, source)
    }
}

/// Sentences of one package in both languages. For a failure code without a sentence of the package
/// (`failures.<code>`), they contain the host's sentence.
pub struct Locales {
    de: Language,
    en: Language,
    keys: BTreeSet<String>,
    /// Keys without a usable text that were already logged, so that each key is logged only once.
    reported: Mutex<BTreeSet<String>>,
}

struct Language {
    templates: Environment<'static>,
    /// Texts without parameters, such as titles, by key. Lists of rows mostly need these; returning
    /// them needs no template.
    plain: Arc<BTreeMap<String, String>>,
}

impl Locales {
    /// Loads the sentences of both languages. Refuses an empty text, an invalid template, and a key
    /// that only one language has.
    pub fn load(de: &str, en: &str) -> Result<Self, Error> {
        Self::load_with(de, en, |_| Ok(BTreeMap::new()))
    }

    /// Loads the sentences of the host itself, and the audit texts of all capabilities with them.
    pub fn load_host(de: &str, en: &str) -> Result<Self, Error> {
        Self::load_with(de, en, audit::sentences)
    }

    fn load_with(
        de: &str,
        en: &str,
        more: fn(Locale) -> Result<BTreeMap<String, String>, Error>,
    ) -> Result<Self, Error> {
        let (de, de_keys) = language(Locale::De, de, more(Locale::De)?)?;
        let (en, en_keys) = language(Locale::En, en, more(Locale::En)?)?;
        for (locale, has, should) in [(Locale::De, &de_keys, &en_keys), (Locale::En, &en_keys, &de_keys)] {
            let keys: Vec<String> = should.difference(has).cloned().collect();
            if !keys.is_empty() {
                return Err(Error::Missing { locale: locale.as_str(), keys });
            }
        }
        Ok(Locales { de, en, keys: de_keys, reported: Mutex::default() })
    }

    /// Keys of all sentences in alphabetical order. The parts of a key are joined by dots.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }

    /// Sentence for `key` with the parameters inserted. `None` if there is no such text, or if the
    /// parameters do not fit it.
    pub fn find(&self, key: &str, params: &Map<String, Value>, locale: Locale) -> Option<String> {
        if !self.keys.contains(key) {
            return None;
        }
        let texts = match locale {
            Locale::De => &self.de,
            Locale::En => &self.en,
        };
        // A template drops a text's last line break. A text that ends with one is therefore
        // rendered as a template too, so that both ways give the same result.
        if let Some(text) = texts.plain.get(key).filter(|text| !text.ends_with('\n')) {
            return Some(text.clone());
        }
        match texts.templates.get_template(key).and_then(|text| text.render(Serde(params))) {
            Ok(sentence) => Some(sentence),
            Err(cause) => {
                // Only the kind of the error is logged. Its message may contain a parameter, which
                // may be personal.
                self.report(key, &format!("a text could not be filled in: {}", cause.kind()));
                None
            }
        }
    }

    /// Sentence for `key` if it has no parameters; otherwise `None`.
    pub fn plain(&self, key: &str, locale: Locale) -> Option<String> {
        let texts = match locale {
            Locale::De => &self.de,
            Locale::En => &self.en,
        };
        texts.plain.get(key).map(|text| text.trim_end().to_owned())
    }

    /// Sentence for the key `<section>.<code>`. If there is no usable text, returns `code` itself
    /// and logs a warning once.
    pub fn render(&self, section: &str, code: &str, params: &Map<String, Value>, locale: Locale) -> String {
        let key = format!("{section}.{code}");
        self.find(&key, params, locale).unwrap_or_else(|| {
            self.report(&key, "the package has no text for a code");
            code.to_owned()
        })
    }

    fn report(&self, key: &str, problem: &str) {
        let mut reported = self.reported.lock().unwrap_or_else(PoisonError::into_inner);
        if reported.insert(key.to_owned()) {
            tracing::warn!(key, "{problem}");
        }
    }
}

fn language(
    locale: Locale,
    source: &str,
    more: BTreeMap<String, String>,
) -> Result<(Language, BTreeSet<String>), Error> {
    let name = locale.as_str();
    let mut texts = failures::sentences(locale)?;
    texts.extend(more);
    texts.extend(parse(locale, source)?);

    let mut environment = format::environment(locale);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    // A text may include other texts, but only those without parameters, such as a step or a
    // status. So no text can include itself.
    let mut plain = texts.clone();
    plain.retain(|_, text| !text.contains('{'));
    let plain = Arc::new(plain);
    let known = plain.clone();
    environment.add_function("text", move |key: &str, fallback: String| known.get(key).cloned().unwrap_or(fallback));
    let mut keys = BTreeSet::new();
    for (key, text) in texts {
        if text.trim().is_empty() {
            return Err(Error::Empty { locale: name, key });
        }
        environment.add_template_owned(key.clone(), text).map_err(|cause| Error::Template {
            locale: name,
            key: key.clone(),
            cause,
        })?;
        keys.insert(key);
    }
    Ok((Language { templates: environment, plain }, keys))
}

fn parse(locale: Locale, source: &str) -> Result<BTreeMap<String, String>, Error> {
    let name = locale.as_str();
    let table = source.parse().map_err(|cause| Error::Toml { locale: name, cause: Box::new(cause) })?;
    let mut texts = BTreeMap::new();
    flatten(name, "", table, &mut texts)?;
    Ok(texts)
}

fn flatten(
    locale: &'static str,
    prefix: &str,
    table: toml::Table,
    into: &mut BTreeMap<String, String>,
) -> Result<(), Error> {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            toml::Value::String(text) => {
                into.insert(key, text);
            }
            toml::Value::Table(inner) => flatten(locale, &key, inner, into)?,
            _ => return Err(Error::NotText { locale, key }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn params(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    fn locales() -> Locales {
        Locales::load(
            "[rejections]\nname-taken = 'Den Namen „{{ name }}“ gibt es schon.'\nprice = '{{ cents|money }} im Monat'",
            "[rejections]\nname-taken = 'The name “{{ name }}” is taken.'\nprice = '{{ cents|money }} a month'",
        )
        .expect("both languages are whole")
    }

    #[test]
    fn a_code_becomes_a_sentence_in_the_readers_language() {
        let name = params(json!({"name": "web-01"}));
        assert_eq!(
            locales().render("rejections", "name-taken", &name, Locale::De),
            "Den Namen „web-01“ gibt es schon."
        );
        assert_eq!(locales().render("rejections", "name-taken", &name, Locale::En), "The name “web-01” is taken.");
        let cents = params(json!({"cents": 6250}));
        assert_eq!(locales().render("rejections", "price", &cents, Locale::De), "62,50 € im Monat");
        assert_eq!(locales().render("rejections", "price", &cents, Locale::En), "62.50 € a month");
    }

    #[test]
    fn a_parameter_is_text_and_never_a_template_or_markup() {
        let name = params(json!({"name": "{{ 6*7 }}<b>"}));
        assert_eq!(
            locales().render("rejections", "name-taken", &name, Locale::En),
            "The name “{{ 6*7 }}<b>” is taken."
        );
    }

    #[test]
    fn a_text_can_name_a_plain_one() {
        let toml = "[a]\nx = \"At {{ text('steps.' ~ step, step) }}.\"\n[steps]\nclone = 'copy'";
        let locales = Locales::load(toml, toml).unwrap();
        assert_eq!(locales.render("a", "x", &params(json!({"step": "clone"})), Locale::En), "At copy.");
        assert_eq!(locales.render("a", "x", &params(json!({"step": "new"})), Locale::En), "At new.");

        let circle = "[a]\nx = \"{{ text('a.x', 'stop') }}\"";
        assert_eq!(Locales::load(circle, circle).unwrap().render("a", "x", &Map::new(), Locale::En), "stop");
    }

    #[test]
    fn a_missing_or_unfillable_text_falls_back_to_the_code() {
        assert_eq!(locales().render("rejections", "unheard-of", &Map::new(), Locale::De), "unheard-of");
        let wrong = params(json!({"cents": "much"}));
        assert_eq!(locales().render("rejections", "price", &wrong, Locale::De), "price");
    }

    #[test]
    fn the_hosts_failures_can_be_said_by_every_package_in_its_own_words() {
        let toml = "[failures]\nno-answer = 'Own words.'\n[a]\nx = \"{{ text('failures.' ~ code, code) }}\"";
        let locales = Locales::load(toml, toml).unwrap();
        let of = |code: &str| locales.render("a", "x", &params(json!({ "code": code })), Locale::En);
        assert_eq!(of("no-answer"), "Own words.");
        assert!(of("not-granted").ends_with("operator can grant it."));
        assert_eq!(of("unheard-of"), "unheard-of");
    }

    #[test]
    fn a_missing_text_is_reported_once() {
        let locales = locales();
        for _ in 0..3 {
            locales.render("rejections", "unheard-of", &Map::new(), Locale::De);
        }
        assert_eq!(locales.reported.lock().unwrap().len(), 1);
    }

    #[test]
    fn a_language_that_lags_behind_is_refused_with_its_missing_keys() {
        let error = Locales::load("[a]\nx = '1'\ny = '2'", "[a]\nx = '1'").err().expect("refused");
        assert_eq!(error.to_string(), "locales/en.toml lacks a.y");
    }

    #[test]
    fn empty_broken_and_structured_values_are_refused() {
        let of = |de: &str| Locales::load(de, de).err().expect("refused").to_string();
        assert_eq!(of("a = '  '"), "locales/de.toml: `a` is empty");
        assert_eq!(of("a = '{{ x'"), "locales/de.toml: `a` cannot be read as a template");
        assert_eq!(of("a = 5"), "locales/de.toml: `a` is not a text");
        assert_eq!(of("a = "), "locales/de.toml is not TOML");
    }
}
