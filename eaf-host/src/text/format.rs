//! How values look in a sentence: the filters that locales and mail templates share.

use eaf_core::actor::Locale;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State};
use time::OffsetDateTime;

/// An environment with the filters `money` (integer cents), `time` (milliseconds since 1970) and `plural`.
pub fn environment(locale: Locale) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.add_filter("money", move |state: &State, cents: i64| {
        // A line break between number and sign reads badly; in plain text people search for a plain space.
        let gap = match state.auto_escape() {
            AutoEscape::Html => '\u{a0}',
            _ => ' ',
        };
        money(cents, locale, gap)
    });
    environment.add_filter("time", move |millis: i64| {
        instant(millis, locale).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "no point in time"))
    });
    environment.add_filter("plural", |count: i64, one: String, many: String| {
        format!("{count} {}", if count == 1 { one } else { many })
    });
    environment
}

/// `62 €`, `62,50 €` (German), `1,234.50 €` (English). Whole amounts have no decimals.
pub fn money(cents: i64, locale: Locale, gap: char) -> String {
    let (thousands, decimal) = match locale {
        Locale::De => ('.', ','),
        Locale::En => (',', '.'),
    };
    let sign = if cents < 0 { "\u{2212}" } else { "" };
    let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);

    let digits = whole.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(thousands);
        }
        grouped.push(digit);
    }
    if rest == 0 {
        return format!("{sign}{grouped}{gap}€");
    }
    format!("{sign}{grouped}{decimal}{rest:02}{gap}€")
}

/// `23.11.2026 14:05 UTC` (German), `2026-11-23 14:05 UTC` (English). None: not in this calendar.
pub fn instant(millis: i64, locale: Locale) -> Option<String> {
    let at = OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).ok()?;
    let (year, month, day) = (at.year(), u8::from(at.month()), at.day());
    let date = match locale {
        Locale::De => format!("{day:02}.{month:02}.{year}"),
        Locale::En => format!("{year:04}-{month:02}-{day:02}"),
    };
    Some(format!("{date} {:02}:{:02} UTC", at.hour(), at.minute()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_in_time_are_written_as_their_readers_write_them() {
        let of = |millis, locale| instant(millis, locale).expect("in the calendar");
        assert_eq!(of(1_795_439_159_000, Locale::De), "23.11.2026 13:05 UTC");
        assert_eq!(of(1_795_439_159_000, Locale::En), "2026-11-23 13:05 UTC");
        assert_eq!(of(951_782_400_000, Locale::De), "29.02.2000 00:00 UTC");
        assert_eq!(of(-1, Locale::En), "1969-12-31 23:59 UTC");
        assert_eq!(instant(i64::MAX, Locale::De), None);
    }

    #[test]
    fn money_is_written_as_its_readers_write_it() {
        assert_eq!(money(6_200, Locale::De, ' '), "62 €");
        assert_eq!(money(6_250, Locale::De, ' '), "62,50 €");
        assert_eq!(money(6_205, Locale::En, ' '), "62.05 €");
        assert_eq!(money(123_456_789, Locale::De, ' '), "1.234.567,89 €");
        assert_eq!(money(100_000, Locale::En, ' '), "1,000 €");
        assert_eq!(money(0, Locale::En, ' '), "0 €");
        assert_eq!(money(-5, Locale::De, ' '), "−0,05 €");
        assert_eq!(money(i64::MIN, Locale::De, ' '), "−92.233.720.368.547.758,08 €");
    }
}
