//! Formats of values in texts for people: the template filters that locales and mails share.

use eaf_core::actor::Locale;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State};
use time::OffsetDateTime;

/// Creates a template environment with the filters `money` (for integer cents), `time` (for
/// milliseconds since 1970), `plural` and `names`.
pub fn environment(locale: Locale) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.add_filter("money", move |state: &State, cents: i64| {
        // In HTML, a no-break space keeps amount and currency on one line. Plain text has an
        // ordinary space, because people search for it.
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
    environment.add_filter("names", move |people: Vec<String>| names(&people, locale));
    environment
}

/// Maximum number of entries in a list of names. A longer list has the first names and the number
/// of the others.
const NAMES_MAX: usize = 5;

/// Formats names as `A, B or C`. For an empty list, returns words that fit in the place of a name.
pub fn names(people: &[String], locale: Locale) -> String {
    let (or, others) = match locale {
        Locale::De => ("oder", "weitere"),
        Locale::En => ("or", "others"),
    };
    let named = if people.len() > NAMES_MAX { &people[..NAMES_MAX - 1] } else { people };
    let rest = (named.len() < people.len()).then(|| format!("{} {others}", people.len() - named.len()));
    let mut parts: Vec<&str> = named.iter().map(String::as_str).chain(rest.as_deref()).collect();
    match (parts.pop(), locale) {
        (Some(last), _) if parts.is_empty() => last.to_owned(),
        (Some(last), _) => format!("{} {or} {last}", parts.join(", ")),
        (None, Locale::De) => "eine Person mit dem Recht dazu (zurzeit hat es niemand)".into(),
        (None, Locale::En) => "a person with the right to do it (nobody has it at present)".into(),
    }
}

/// Formats a whole number as `1.540` (German) or `1,540` (English).
pub fn whole(number: u64, locale: Locale) -> String {
    let thousands = match locale {
        Locale::De => '.',
        Locale::En => ',',
    };
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(thousands);
        }
        grouped.push(digit);
    }
    grouped
}

/// Formats megabytes (2^20 bytes) as `8 GB`, `1.5 GB`, `512 MB` or `1,540 MB` (English). The unit
/// is GB only for whole quarters of a GB.
pub fn memory(megabytes: u64, locale: Locale) -> String {
    if megabytes < 1_024 || !megabytes.is_multiple_of(256) {
        return format!("{} MB", whole(megabytes, locale));
    }
    let decimal = match locale {
        Locale::De => ',',
        Locale::En => '.',
    };
    let gigabytes = whole(megabytes / 1_024, locale);
    match megabytes % 1_024 / 256 {
        0 => format!("{gigabytes} GB"),
        1 => format!("{gigabytes}{decimal}25 GB"),
        2 => format!("{gigabytes}{decimal}5 GB"),
        _ => format!("{gigabytes}{decimal}75 GB"),
    }
}

/// Formats an amount in cents as `62 €`, `62,50 €` (German) or `1,234.50 €` (English). Whole
/// amounts have no decimals. `gap` is the space between amount and currency.
pub fn money(cents: i64, locale: Locale, gap: char) -> String {
    let decimal = match locale {
        Locale::De => ',',
        Locale::En => '.',
    };
    let sign = if cents < 0 { "\u{2212}" } else { "" };
    let (grouped, rest) = (whole(cents.unsigned_abs() / 100, locale), cents.unsigned_abs() % 100);
    if rest == 0 {
        return format!("{sign}{grouped}{gap}€");
    }
    format!("{sign}{grouped}{decimal}{rest:02}{gap}€")
}

/// Formats a time in milliseconds since 1970 as `23.11.2026 14:05 UTC` (German) or `2026-11-23
/// 14:05 UTC` (English). `None` if the calendar has no such time.
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
    fn people_are_listed_as_alternatives() {
        let of = |people: &[&str], locale| names(&people.iter().map(|&name| name.into()).collect::<Vec<_>>(), locale);
        assert_eq!(of(&["Ada"], Locale::De), "Ada");
        assert_eq!(of(&["Ada", "Ben"], Locale::De), "Ada oder Ben");
        assert_eq!(of(&["Ada", "Ben", "Cleo"], Locale::En), "Ada, Ben or Cleo");
        assert_eq!(of(&["A", "B", "C", "D", "E"], Locale::En), "A, B, C, D or E");
        assert_eq!(of(&["A", "B", "C", "D", "E", "F"], Locale::En), "A, B, C, D or 2 others");
        assert_eq!(of(&["A", "B", "C", "D", "E", "F"], Locale::De), "A, B, C, D oder 2 weitere");
        assert!(of(&[], Locale::De).contains("niemand") && of(&[], Locale::En).contains("nobody"));
    }

    #[test]
    fn memory_is_written_in_gb_where_these_are_quarters() {
        let of = |megabytes| (memory(megabytes, Locale::De), memory(megabytes, Locale::En));
        assert_eq!(of(512), ("512 MB".into(), "512 MB".into()));
        assert_eq!(of(1_540), ("1.540 MB".into(), "1,540 MB".into()));
        assert_eq!(of(8_192), ("8 GB".into(), "8 GB".into()));
        assert_eq!(of(1_280), ("1,25 GB".into(), "1.25 GB".into()));
        assert_eq!(of(1_536), ("1,5 GB".into(), "1.5 GB".into()));
        assert_eq!(of(1_792), ("1,75 GB".into(), "1.75 GB".into()));
        assert_eq!(of(2_048 * 1_024), ("2.048 GB".into(), "2,048 GB".into()));
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
