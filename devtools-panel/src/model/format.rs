//! Numbers as text: fixed units, a steady number of digits, so that columns do not dance.

/// A duration in milliseconds with about three significant digits, without its unit (the column's head names it).
pub(crate) fn milliseconds(value: f64) -> String {
    if !value.is_finite() {
        return "–".to_owned();
    }
    let magnitude = value.abs();
    if magnitude == 0.0 {
        "0".to_owned()
    } else if magnitude < 10.0 {
        format!("{value:.2}")
    } else if magnitude < 100.0 {
        format!("{value:.1}")
    } else {
        group_thousands(&format!("{value:.0}"))
    }
}

/// How long something has been going on, or how far away it is (milliseconds), with its unit: tenths of a second below ten
/// seconds, whole units above.
pub(crate) fn age(value: f64) -> String {
    match value.abs() / 1000.0 {
        seconds if !seconds.is_finite() => "–".to_owned(),
        seconds if seconds < 9.95 => format!("{seconds:.1} s"),
        seconds if seconds < 120.0 => format!("{seconds:.0} s"),
        seconds if seconds < 7_200.0 => format!("{:.0} min", seconds / 60.0),
        seconds => format!("{} h", group_thousands(&format!("{:.0}", seconds / 3_600.0))),
    }
}

/// A count with its thousands set apart, shortened from ten millions on.
pub(crate) fn count(value: u64) -> String {
    const SCALES: [(u64, f64, &str); 2] = [(10_000_000_000, 1e9, "G"), (10_000_000, 1e6, "M")];
    match SCALES.iter().find(|(from, _, _)| value >= *from) {
        Some((_, divisor, suffix)) => format!("{:.1}{suffix}", value as f64 / divisor),
        None => group_thousands(&value.to_string()),
    }
}

/// An amount of bytes with its unit: decimal, as browsers' own tools show sizes.
pub(crate) fn bytes(value: f64) -> String {
    let scales = [(1e9, "GB"), (1e6, "MB"), (1e3, "kB")];
    match scales.iter().find(|(from, _)| value.abs() >= *from) {
        Some((divisor, unit)) if value.is_finite() => format!("{} {unit}", milliseconds(value / divisor)),
        None if value.is_finite() => format!("{value:.0} B"),
        _ => "–".to_owned(),
    }
}

/// A rate per second, without its unit.
pub(crate) fn rate(value: f64) -> String {
    if !value.is_finite() || value <= 0.0 {
        "0".to_owned()
    } else if value < 10.0 {
        format!("{value:.1}")
    } else {
        count(value.round() as u64)
    }
}

/// The time of day of a moment (milliseconds since the Unix epoch) with milliseconds, shifted by the zone's offset.
pub(crate) fn clock_time(unix_ms: f64, zone_offset_minutes: f64) -> String {
    let local = unix_ms + zone_offset_minutes * 60_000.0;
    if !local.is_finite() {
        return "–".to_owned();
    }
    let of_day = local.rem_euclid(86_400_000.0) as u64;
    format!(
        "{:02}:{:02}:{:02}.{:03}",
        of_day / 3_600_000,
        of_day / 60_000 % 60,
        of_day / 1000 % 60,
        of_day % 1000
    )
}

/// The text's first characters, and whether anything was left out. Line breaks become spaces, so that it fits a cell.
pub(crate) fn cut(text: &str, characters: usize) -> (String, bool) {
    let mut shown: String =
        text.chars().take(characters).map(|char| if char.is_control() { ' ' } else { char }).collect();
    let was_cut = text.chars().nth(characters).is_some();
    if was_cut {
        shown.push('…');
    }
    (shown, was_cut)
}

fn group_thousands(digits: &str) -> String {
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |rest| ("-", rest));
    let mut grouped = String::from(sign);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_keep_about_three_digits() {
        let shown: Vec<_> =
            [0.0, 0.004, 1.256, 12.56, 125.6, 12_345.6, f64::NAN, f64::INFINITY].map(milliseconds).into();
        assert_eq!(shown, ["0", "0.00", "1.26", "12.6", "126", "12,346", "–", "–"]);
    }

    #[test]
    fn ages_have_the_unit_that_fits() {
        let shown: Vec<_> = [0.0, 260.0, 9_960.0, 119_000.0, 150_000.0, 9e9, f64::NAN].map(age).into();
        assert_eq!(shown, ["0.0 s", "0.3 s", "10 s", "119 s", "2 min", "2,500 h", "–"]);
    }

    #[test]
    fn counts_are_grouped_and_then_shortened() {
        let shown: Vec<_> = [0, 999, 1_000, 9_999_999, 12_345_678, u64::MAX].map(count).into();
        assert_eq!(shown, ["0", "999", "1,000", "9,999,999", "12.3M", "18446744073.7G"]);
    }

    #[test]
    fn sizes_have_decimal_units() {
        let shown: Vec<_> = [0.0, 999.0, 1_000.0, 25_600_000.0, 3e12, f64::NAN].map(bytes).into();
        assert_eq!(shown, ["0 B", "999 B", "1.00 kB", "25.6 MB", "3,000 GB", "–"]);
    }

    #[test]
    fn rates_are_never_below_zero() {
        let shown: Vec<_> = [-1.0, f64::NAN, 0.25, 1234.5].map(rate).into();
        assert_eq!(shown, ["0", "0", "0.2", "1,235"]);
    }

    #[test]
    fn a_time_of_day_follows_the_zone() {
        assert_eq!(clock_time(1_000.0, 0.0), "00:00:01.000");
        assert_eq!(clock_time(-1.0, 60.0), "00:59:59.999");
        assert_eq!(clock_time(f64::NAN, 0.0), "–");
    }

    #[test]
    fn cutting_counts_characters_and_flattens_lines() {
        assert_eq!(cut("añb\nc", 10), ("añb c".to_owned(), false));
        assert_eq!(cut("🙂🙂🙂", 2), ("🙂🙂…".to_owned(), true));
    }
}
