//! Record of a pruning in the audit. Its object is `denials: 17 before 2026-09-01`. Its column
//! `pruned` is `5:10 6:7`: 10 rows of anchor 5 and 7 rows of anchor 6 were deleted. Verification of
//! the audit reads these records.

use crate::actor::TraceId;
use crate::anchor::Kind;
use crate::audit::Entry;
use crate::id::ActorId;
use time::{Date, Duration, Month};

/// Minimum retention of anchored rows. The SQL function `eaf.prune_anchored` enforces it.
pub(crate) const MIN_RETENTION: Duration = Duration::days(7);

const KINDS: [(&str, Kind); 3] = [("denials", Kind::Denial), ("refusals", Kind::Refusal), ("journals", Kind::Call)];

pub(crate) struct Record {
    pub kind: Kind,
    pub before: Date,
    /// Numbers of anchors, each with the number of its rows that were deleted.
    pub anchors: Vec<(i64, usize)>,
}

/// Kind of anchored rows with this name, such as `denials`. `None`: rows of this kind are not
/// anchored.
pub(super) fn kind(what: &str) -> Option<Kind> {
    KINDS.iter().find(|(name, _)| *name == what).map(|(_, kind)| *kind)
}

/// Writes the number of deleted rows per anchor as text, such as `5:10 6:7`. Rows without an anchor
/// are not listed.
pub(super) fn anchors(rows: &[(Option<i64>, i64)]) -> String {
    let anchored = rows.iter().filter_map(|(anchor, rows)| anchor.map(|anchor| format!("{anchor}:{rows}")));
    anchored.collect::<Vec<_>>().join(" ")
}

impl Record {
    pub(super) fn entry(what: &str, rows: u64, before: Date, trace: TraceId) -> Entry {
        Entry {
            actor: ActorId::SYSTEM,
            act: "retention.prune".into(),
            object: format!("{what}: {rows} before {before}"),
            outcome: "ok".into(),
            trace,
        }
    }

    pub fn parse(object: &str, pruned: &str) -> Option<Record> {
        let (what, rest) = object.split_once(": ")?;
        let (rows, before) = rest.split_once(" before ")?;
        let (kind, rows, before) = (kind(what)?, rows.parse::<usize>().ok()?, date(before)?);
        let one = |text: &str| {
            let (anchor, rows) = text.split_once(':')?;
            Some((anchor.parse().ok()?, rows.parse().ok()?))
        };
        let anchors: Vec<(i64, usize)> = pruned.split_whitespace().map(one).collect::<Option<_>>()?;
        let listed = anchors.iter().try_fold(0_usize, |sum, (_, rows)| sum.checked_add(*rows))?;
        (listed <= rows).then_some(Record { kind, before, anchors })
    }
}

/// Parses a date in the form `2026-09-01`, the `Display` of [`Date`].
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    parts.next().is_none().then_some(date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_record_that_was_written_parses() {
        let before = Date::from_calendar_date(2026, Month::September, 1).unwrap();
        let entry = Record::entry("denials", 17, before, TraceId(String::new()));
        let parsed = Record::parse(&entry.object, &anchors(&[(Some(5), 10), (None, 3), (Some(6), 4)])).unwrap();
        assert_eq!((parsed.kind, parsed.before, parsed.anchors), (Kind::Denial, before, vec![(5, 10), (6, 4)]));
        for (object, pruned) in [
            ("denials: 17 before 2026-13-45", "5:10"),
            ("denials: 17 before 2026-09-01-01", "5:10"),
            ("denials: 9 before 2026-09-01", "5:10"),
            ("denials: -1 before 2026-09-01", ""),
            ("acts: 17 before 2026-09-01", "5:10"),
            ("denials: 17 before 2026-09-01", "5"),
            ("denials", "5:10"),
        ] {
            assert!(Record::parse(object, pruned).is_none(), "{object} {pruned}");
        }
    }
}
