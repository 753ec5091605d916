//! How long is kept what is not the log.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_core::retention::Retention;
use time::Duration;

pub const SECTION: Section = Section {
    title: "Retention",
    about: "The log of events is kept for ever. What else grows is deleted after so many days, once a day, and that it was is an act in the \
            tenant's audit (`retention.prune`). 0: it is kept for ever. Of several hosts, all should say the same.",
    keys: &[LEDGER, DENIALS, JOURNALS, MAILS, PACKAGES],
};

const LEDGER: Key = Key {
    name: "retention.ledger_days",
    variable: "EAF_KEEP_LEDGER_DAYS",
    default: Default::Is("90"),
    kind: Kind::Plain,
    about: "What commands were answered, and the audit's rows about refused ones; 30 to 36500. So long a repetition with the same Idempotency-Key gets the first answer.",
};
const DENIALS: Key = Key {
    name: "retention.denial_days",
    variable: "EAF_KEEP_DENIAL_DAYS",
    default: Default::Is("365"),
    kind: Kind::Plain,
    about: "Rows of the audit with the outcome `denied`; 30 to 36500. Other acts stay, but for refused commands.",
};
const JOURNALS: Key = Key {
    name: "retention.journal_days",
    variable: "EAF_KEEP_JOURNAL_DAYS",
    default: Default::Is("730"),
    kind: Kind::Plain,
    about: "The calls of workflow runs after the run ended, which are its rows in the audit; 30 to 36500.",
};
const MAILS: Key = Key {
    name: "retention.mail_days",
    variable: "EAF_KEEP_MAIL_DAYS",
    default: Default::Is("365"),
    kind: Kind::Plain,
    about: "That a mail was sent, failed or was skipped; 30 to 36500.",
};
const PACKAGES: Key = Key {
    name: "retention.package_days",
    variable: "EAF_KEEP_PACKAGE_DAYS",
    default: Default::Is("365"),
    kind: Kind::Plain,
    about: "Files of packages that are neither active, nor one of the last three, nor needed by an open run; 30 to 36500.",
};

pub fn read(values: &mut Values) -> Option<Retention> {
    let [ledger, denials, journals, mails, packages] =
        [&LEDGER, &DENIALS, &JOURNALS, &MAILS, &PACKAGES].map(|key| days(values, key));
    Some(Retention { ledger: ledger?, denials: denials?, journals: journals?, mails: mails?, packages: packages? })
}

/// What holds where nothing is set.
pub fn usual() -> Retention {
    read(&mut Values::default()).expect("the defaults are within their limits")
}

fn days(values: &mut Values, key: &'static Key) -> Option<Option<Duration>> {
    let days = values.parse::<i64>(key, "a number of days")?;
    if days != 0 && !(30..=36_500).contains(&days) {
        values.refuse(key, "30 to 36500 days, or 0");
        return None;
    }
    Some((days > 0).then(|| Duration::days(days)))
}
