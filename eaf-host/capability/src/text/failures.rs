//! Sentences for failure codes, one per code: those of the host, and those of each capability.
//!
//! Mails, lists and packages find a sentence by the failure code alone, so no two capabilities may
//! have the same code.

use super::{Error, Texts};
use crate::Registration;
use eaf_core::actor::Locale;
use std::collections::BTreeMap;

/// Sentences for the failure codes of the host itself and of the workflow engine.
const HOST: Texts = Texts { de: include_str!("failures/de.toml"), en: include_str!("failures/en.toml") };

/// Sentences of the host and of all capabilities in this binary, by key, such as
/// `failures.not-granted`.
pub fn sentences(locale: Locale) -> Result<BTreeMap<String, String>, Error> {
    let capabilities = inventory::iter::<Registration>.into_iter();
    merge(locale, [HOST].into_iter().chain(capabilities.map(|capability| capability.texts)))
}

fn merge(locale: Locale, files: impl Iterator<Item = Texts>) -> Result<BTreeMap<String, String>, Error> {
    let mut merged = BTreeMap::new();
    for file in files {
        for (key, sentence) in file.parse(locale)? {
            if merged.insert(key.clone(), sentence).is_some() {
                return Err(Error::Duplicate { locale: locale.as_str(), key });
            }
        }
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: Texts = Texts { de: "[failures]\nbusy = 'Mail'", en: "[failures]\nbusy = 'Mail'" };
    const TAPE: Texts = Texts { de: "[failures]\nbusy = 'Band'", en: "[failures]\nbusy = 'Tape'" };

    #[test]
    fn a_code_of_two_capabilities_is_refused() {
        let error = merge(Locale::En, [MAIL, TAPE].into_iter()).unwrap_err();
        assert_eq!(error.to_string(), "two capabilities have the text `failures.busy` (en)");
    }

    #[test]
    fn the_hosts_sentences_are_among_those_of_every_package() {
        let sentences = sentences(Locale::En).unwrap();
        assert!(sentences.contains_key("failures.not-granted"));
    }
}
