//! Settings of retention: how long rows outside the log are stored.

use super::Section;
use super::key::{Default, Key, Kind, Values};
use eaf_core::retention::Retention;
use time::Duration;

pub const SECTION: Section = Section {
    title: "Retention",
    about: "Days after which rows are deleted, once a day and on record in the tenant's audit (`retention.prune`). The log of events is stored for ever. \
            0: never deleted. All hosts should have the same values.",
    keys: &[LEDGER, DENIALS, JOURNALS, MAILS, PACKAGES],
};

const LEDGER: Key = Key {
    name: "retention.ledger_days",
    variable: "EAF_KEEP_LEDGER_DAYS",
    default: Default::Is("90"),
    kind: Kind::Plain,
    about: "Answers of commands, and rows of the audit about refused ones; 30 to 36500. Within this time a repetition with the same Idempotency-Key gets the first answer.",
};
const DENIALS: Key = Key {
    name: "retention.denial_days",
    variable: "EAF_KEEP_DENIAL_DAYS",
    default: Default::Is("365"),
    kind: Kind::Plain,
    about: "Rows of the audit with the outcome `denied`; 30 to 36500. Other acts are never deleted, except refused commands.",
};
const JOURNALS: Key = Key {
    name: "retention.journal_days",
    variable: "EAF_KEEP_JOURNAL_DAYS",
    default: Default::Is("730"),
    kind: Kind::Plain,
    about: "Calls of ended workflow runs, which are the run's rows in the audit; 30 to 36500.",
};
const MAILS: Key = Key {
    name: "retention.mail_days",
    variable: "EAF_KEEP_MAIL_DAYS",
    default: Default::Is("365"),
    kind: Kind::Plain,
    about: "Records of mails that were sent, failed or skipped; 30 to 36500.",
};
const PACKAGES: Key = Key {
    name: "retention.package_days",
    variable: "EAF_KEEP_PACKAGE_DAYS",
    default: Default::Is("365"),
    kind: Kind::Plain,
    about: "Package files that are neither active, nor among the last three, nor needed by an open run; 30 to 36500.",
};

pub fn read(values: &mut Values) -> Option<Retention> {
    let [ledger, denials, journals, mails, packages] =
        [&LEDGER, &DENIALS, &JOURNALS, &MAILS, &PACKAGES].map(|key| days(values, key));
    Some(Retention { ledger: ledger?, denials: denials?, journals: journals?, mails: mails?, packages: packages? })
}

/// Default retention, for a configuration without settings for it.
pub fn defaults() -> Retention {
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
