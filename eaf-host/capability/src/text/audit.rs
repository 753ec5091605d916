//! Audit texts of the capabilities' functions: for each function a title (`acts`) and the sentence
//! of a call that succeeded (`done`).
//!
//! Each capability brings its own, so that the audit can name its calls without knowing it.

use super::Error;
use crate::Registration;
use eaf_core::actor::Locale;
use std::collections::{BTreeMap, BTreeSet};

/// Audit texts of all capabilities in this binary, by key, such as `audit.acts.vsphere.clone`.
/// Refuses a capability whose texts are not exactly those of its functions.
pub fn sentences(locale: Locale) -> Result<BTreeMap<String, String>, Error> {
    merge(locale, inventory::iter::<Registration>.into_iter())
}

fn merge<'a>(
    locale: Locale,
    registrations: impl Iterator<Item = &'a Registration>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut merged = BTreeMap::new();
    for registration in registrations {
        let found = registration.audit.parse(locale)?;
        let keys: Vec<String> = {
            let found: BTreeSet<String> = found.keys().cloned().collect();
            found.symmetric_difference(&keys_of(registration)).cloned().collect()
        };
        if !keys.is_empty() {
            return Err(Error::AuditTexts { capability: registration.name, locale: locale.as_str(), keys });
        }
        merged.extend(found.into_iter().filter_map(|(key, text)| {
            let (section, function) = key.split_once('.')?;
            Some((format!("audit.{section}.{}.{function}", registration.name), text))
        }));
    }
    Ok(merged)
}

/// Keys of the texts that a capability needs, two per function.
fn keys_of(registration: &Registration) -> BTreeSet<String> {
    let functions = registration.interfaces.iter().flat_map(|interface| interface.functions);
    functions.flat_map(|function| ["acts", "done"].map(|section| format!("{section}.{function}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Interface;
    use crate::text::Texts;

    const TAPE: Interface = Interface { name: "tape", functions: &["rewind"] };

    fn tape(en: &'static str) -> Registration {
        let make = |_: &crate::ProviderDependencies| panic!("no provider is needed");
        let texts = Texts { de: "", en: "" };
        Registration { name: "tape", interfaces: &[TAPE], failure_codes: &[], texts, audit: Texts { de: "", en }, make }
    }

    #[test]
    fn the_texts_of_a_function_are_found_by_its_act() {
        let texts = merge(Locale::En, [&tape("acts.rewind = 'rewind'\ndone.rewind = 'Rewound.'")].into_iter()).unwrap();
        assert_eq!(texts["audit.acts.tape.rewind"], "rewind");
        assert_eq!(texts["audit.done.tape.rewind"], "Rewound.");
    }

    #[test]
    fn a_function_without_a_title_and_a_title_without_one_are_refused() {
        let error = |en| merge(Locale::En, [&tape(en)].into_iter()).unwrap_err().to_string();
        let refusal = |keys| format!("the audit texts of tape (en) are not those of its functions: {keys}");
        assert_eq!(error(""), refusal("acts.rewind, done.rewind"));
        assert_eq!(error("done.rewind = 'Rewound.'"), refusal("acts.rewind"));
        let more = "acts.rewind = 'rewind'\ndone.rewind = 'Rewound.'\nacts.wipe = 'wipe'";
        assert_eq!(error(more), refusal("acts.wipe"));
    }
}
