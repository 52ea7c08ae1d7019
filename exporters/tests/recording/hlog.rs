//! Recordings as interval logs, read by HdrHistogram's own reader.

use std::collections::HashMap;
use std::time::Duration;

use atelier_exporters::recording::{Format, convert};
use atelier_telemetry::Record;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

use crate::made::{recording, world};

struct Logged {
    tag: String,
    start: Duration,
    histogram: Histogram<u64>,
}

fn log(file: &[u8]) -> (String, Vec<Logged>) {
    let mut text = Vec::new();
    convert(file, Format::Hlog, &mut text).unwrap();
    let mut logged = Vec::new();
    for entry in IntervalLogIterator::new(&text) {
        let LogEntry::Interval(interval) = entry.expect("HdrHistogram reads every line") else { continue };
        let bytes = base64_bytes(interval.encoded_histogram());
        let histogram = Deserializer::new().deserialize(&mut &bytes[..]).unwrap();
        let tag = interval.tag().map(|tag| tag.as_str().to_owned()).unwrap_or_default();
        assert_eq!(interval.duration(), Duration::from_secs(1));
        logged.push(Logged { tag, start: interval.start_timestamp(), histogram });
    }
    (String::from_utf8(text).unwrap(), logged)
}

/// Base 64 (RFC 4648, section 4).
fn base64_bytes(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for digit in text.bytes().take_while(|&it| it != b'=') {
        let value = DIGITS.iter().position(|&it| it == digit).expect("it is base 64") as u32;
        (bits, count) = (bits << 6 | value, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    bytes
}

/// The durations that were measured, in nanoseconds, by the tag they should have.
fn measured(records: &[Record]) -> HashMap<String, Vec<u64>> {
    let mut measured: HashMap<String, Vec<u64>> = HashMap::new();
    for record in records {
        let Record::Span(call) = record else { continue };
        let task = if &*call.task.id == "resize" { "Resize_\"it\"" } else { "encode" };
        let duration = call.end_unix_nano - call.start_unix_nano;
        measured.entry(format!("{task}/duration")).or_default().push(duration);
        for (phase, seconds) in
            ["admission", "queue", "delivery", "run", "reply"].into_iter().zip(call.phases.0)
        {
            let Some(seconds) = seconds else { continue };
            measured.entry(format!("{task}/{phase}")).or_default().push((seconds * 1e9).round() as u64);
        }
    }
    measured
}

#[test]
fn percentiles_in_the_log_are_those_of_the_samples_within_a_thousandth() {
    let records = world(8, 9_000);
    let (text, logged) = log(&recording(&records));
    assert!(text.starts_with("#[Histogram log format version 1.3]\n"), "{}", &text[..100]);
    let mut by_tag: HashMap<String, Histogram<u64>> = HashMap::new();
    for it in &logged {
        match by_tag.get_mut(&it.tag) {
            Some(all) => all.add(&it.histogram).unwrap(),
            None => drop(by_tag.insert(it.tag.clone(), it.histogram.clone())),
        }
    }
    let measured = measured(&records);
    assert_eq!(by_tag.len(), 12);
    assert_eq!(measured.len(), 12);
    for (tag, mut exact) in measured {
        exact.sort_unstable();
        let histogram = &by_tag[&tag];
        assert_eq!(histogram.len(), exact.len() as u64, "{tag}");
        for quantile in [0.0, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0] {
            let rank = ((quantile * exact.len() as f64).ceil() as usize).clamp(1, exact.len());
            let (found, sample) = (histogram.value_at_quantile(quantile) as f64, exact[rank - 1] as f64);
            assert!(
                (found - sample).abs() <= sample / 1_000.0 + 1.0,
                "{tag} {quantile}: {found}, exactly {sample}"
            );
        }
    }
}

#[test]
fn intervals_are_in_order_and_hold_what_was_measured_in_them() {
    let records = world(9, 9_000);
    let (_, logged) = log(&recording(&records));
    assert!(logged.windows(2).all(|pair| pair[0].start <= pair[1].start));
    let seconds: Vec<u64> = logged.iter().map(|it| it.start.as_secs()).collect();
    assert_eq!((seconds[0], seconds[seconds.len() - 1]), (0, 3), "9,000 calls, one every 0.4 ms");
    let in_first: u64 = logged
        .iter()
        .filter(|it| it.start.is_zero() && it.tag.ends_with("/duration"))
        .map(|it| it.histogram.len())
        .sum();
    assert!((2_450..=2_500).contains(&in_first), "{in_first}");
}
