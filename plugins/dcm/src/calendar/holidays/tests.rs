//! Test that compares the holidays of 2026 and 2027 with a table of dates.

use super::*;
use jiff::civil::date;
use serde_json::json;
use std::collections::BTreeSet;

/// Holidays that all states have, by year, each as month and day.
const EVERYWHERE: [(i16, &[(i8, i8)]); 2] = [
    (2026, &[(1, 1), (4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (10, 3), (12, 25), (12, 26)]),
    (2027, &[(1, 1), (3, 26), (3, 29), (5, 1), (5, 6), (5, 17), (10, 3), (12, 25), (12, 26)]),
];

/// Holidays that a state has in addition to those of all states, each as month and day.
fn further(year: i16, state: State) -> Vec<(i8, i8)> {
    let (easter, pentecost, corpus_christi, repentance) = match year {
        2026 => ((4, 5), (5, 24), (6, 4), (11, 18)),
        _ => ((3, 28), (5, 16), (5, 27), (11, 17)),
    };
    match state {
        State::Bw | State::By => vec![(1, 6), corpus_christi, (11, 1)],
        State::Be => vec![(3, 8)],
        State::Bb => vec![easter, pentecost, (10, 31)],
        State::Hb | State::Hh | State::Ni | State::Sh => vec![(10, 31)],
        State::He => vec![corpus_christi],
        State::Mv => vec![(3, 8), (10, 31)],
        State::Nw | State::Rp => vec![corpus_christi, (11, 1)],
        State::Sl => vec![corpus_christi, (8, 15), (11, 1)],
        State::Sn => vec![(10, 31), repentance],
        State::St => vec![(1, 6), (10, 31)],
        State::Th => vec![(9, 20), (10, 31)],
    }
}

#[test]
fn holidays_of_each_state_are_those_of_the_table() {
    for (year, everywhere) in EVERYWHERE {
        for state in State::ALL {
            let expected: BTreeSet<(i8, i8)> = everywhere.iter().copied().chain(further(year, *state)).collect();
            let mut found = BTreeSet::new();
            let mut day = date(year, 1, 1);
            while day.year() == year {
                if holiday(*state, day).is_some() {
                    found.insert((day.month(), day.day()));
                }
                day = day.tomorrow().unwrap();
            }
            assert_eq!(found, expected, "{state:?} {year}");
        }
    }
}

#[test]
fn easter_is_on_the_days_of_the_church_calendar() {
    for (year, month, day) in
        [(1818, 3, 22), (1943, 4, 25), (2000, 4, 23), (2008, 3, 23), (2024, 3, 31), (2025, 4, 20), (2038, 4, 25)]
    {
        assert_eq!(easter(year), date(year, month, day));
    }
    for year in -9999..=9999_i16 {
        assert!((3..=4).contains(&easter(year).month()), "{year}");
    }
}

#[test]
fn names_of_states_are_those_of_their_documents() {
    for state in State::ALL {
        assert_eq!(json!(state), json!(state.as_str()));
        assert_eq!(State::from_name(state.as_str()), Some(*state));
    }
}
