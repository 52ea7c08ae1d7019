//! Whatever is recorded comes back as it was.

use std::sync::Arc;

use atelier_telemetry::recording::*;
use atelier_telemetry::{MetricRecord, Record, SpanRecord};

use super::samples::{Samples, file, segment, shown, told};

#[test]
fn any_facts_come_back_as_they_were() {
    for seed in 1..=60 {
        let mut samples = Samples::seeded(seed);
        let (first, second) = (samples.items(200), samples.items(50));
        let header = Header {
            started_unix_nano: samples.whole(),
            time_origin_unix_nano: samples.whole(),
            runtime: samples.whole(),
            page: samples.string(),
            user_agent: samples.string(),
            generator: samples.string(),
            max_bytes: samples.whole(),
        };
        let summary = Summary {
            ended_unix_nano: samples.whole(),
            ledger: vec![samples.ledger_row(), samples.ledger_row()],
            segments_dropped: samples.whole(),
            black_boxes_missing: samples.whole(),
            frames_missing: samples.whole(),
        };
        let segments = [(segment(&first), Coding::Zlib), (segment(&second), Coding::Plain)];
        let file = file(&header, &segments, &summary);

        assert_eq!(Reader::open(&file).unwrap().header(), &header, "seed {seed}");
        let (items, ending) = told(&file).unwrap();
        let all: Vec<String> = shown(&first).into_iter().chain(shown(&second)).collect();
        assert!(items == all, "seed {seed}: other facts came back than were recorded");
        // NaN is no number, and not equal to itself; as text it is.
        assert_eq!(format!("{ending:?}"), format!("{:?}", Ending::Whole(summary)), "seed {seed}");
    }
}

#[test]
fn numbers_come_back_bit_by_bit() {
    let mut samples = Samples::seeded(7);
    let values: Vec<f64> =
        (0..2_000).map(|_| samples.real()).chain([f64::from_bits(0x7ff8_0000_dead_beef)]).collect();
    let records = values.iter().map(|&value| Record::Metric(MetricRecord { value, ..samples.metric() }));
    let items: Vec<Item> = records.map(Item::Record).collect();
    let file = file(&Header::default(), &[(segment(&items), Coding::Zlib)], &Summary::default());
    for (item, value) in Reader::open(&file).unwrap().zip(&values) {
        let Item::Record(Record::Metric(metric)) = item.unwrap() else { panic!("no metric") };
        assert_eq!(metric.value.to_bits(), value.to_bits(), "{value}");
    }
}

#[test]
fn the_strings_of_a_task_that_comes_again_and_again_are_written_once() {
    let mut samples = Samples::seeded(3);
    let call = SpanRecord { error_message: None, error_stack: None, trace_name: None, ..samples.call() };
    let call = Record::Span(Arc::new(call));
    let one = segment(&[Item::Record(call.clone())]).len();
    let many = segment(&vec![Item::Record(call); 101]).len();
    let each = (many - one) / 100;
    assert!(each < 160, "{each} bytes");
}

#[test]
fn a_fact_that_is_too_long_is_left_out_and_those_around_it_are_not() {
    let mut samples = Samples::seeded(5);
    let call = |error_message: Option<Arc<str>>, samples: &mut Samples| {
        Record::Span(Arc::new(SpanRecord { error_message, ..samples.call() }))
    };
    let (before, after) = (call(None, &mut samples), samples.record());
    let huge: Arc<str> = "e".repeat(MAX_ITEM_BYTES + 1).into();
    let mut writer = SegmentWriter::new();
    assert!(writer.record(&before));
    assert!(!writer.record(&call(Some(huge.clone()), &mut samples)));
    assert!(!writer.record(&Record::Span(Arc::new(SpanRecord { method: huge, ..samples.call() }))));
    assert!(writer.record(&after));
    let file = file(&Header::default(), &[(writer.take(), Coding::Plain)], &Summary::default());
    assert_eq!(told(&file).unwrap().0, shown(&[Item::Record(before), Item::Record(after)]));
}
