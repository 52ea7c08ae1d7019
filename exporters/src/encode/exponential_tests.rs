use hdrhistogram::Histogram;

use super::*;

/// A value and the bucket it is in at scale 20: ⌈log2(value) · 2^20⌉ − 1, computed outside this crate with 400 bits of
/// precision from the exact value of the double. Powers of two and their neighbours, and doubles two places beside
/// bucket bounds, are where a careless logarithm goes wrong.
const TRUTH: [(f64, i32); 43] = [
    (1.0, -1),
    (2.0, 1048575),
    (0.5, -1048577),
    (9.5367431640625e-07, -20971521),
    (1e-06, -20899765),
    (1.0000000000000002, 0),
    (0.9999999999999999, -1),
    (2.0000000000000004, 1048576),
    (1.9999999999999998, 1048575),
    (3600.0, 12387647),
    (0.001, -10449883),
    (0.1, -3483295),
    (4.0, 2097151),
    (1024.0, 10485759),
    (0.25, -2097153),
    (0.75, -435199),
    (3.0, 1661953),
    (0.001731121891103067, -9619717),
    (3.224717981077962e-05, -15645245),
    (3.2310578243298718, 1774197),
    (5.30106179263077e-06, -18376596),
    (0.22846519247860422, -2233419),
    (0.004538257866564145, -8161745),
    (3.8017998371663025e-06, -18879492),
    (0.11867447848683851, -3224286),
    (2.3711366558635024e-06, -19593681),
    (0.021699855237475307, -5794611),
    (4.9952155777455475e-06, -18466495),
    (8.07476949072912e-06, -17739964),
    (0.017587005176881252, -6112513),
    (185.57575952941053, 7901926),
    (1.729894474537273e-05, -16587379),
    (0.0001707613761442669, -13123695),
    (1.8807549956186898, 955579),
    (2999.780133173328, 12111724),
    (1.0000006610368817, 0),
    (1.0000006610368826, 1),
    (1.0081938852307148, 12344),
    (1.0081938852307157, 12345),
    (1.6721983083410825, 777776),
    (1.6721983083410834, 777777),
    (0.036692460573751216, -5000002),
    (0.036692460573751244, -5000001),
];

/// The same for the whole numbers of microseconds from 1 to 100, once each: 4 is the finest scale at which they fit
/// into 160 buckets, -319 the first bucket, and this is what is in them.
const ONE_TO_HUNDRED: (i32, i32, [u64; 107]) = (
    4,
    -319,
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0,
        0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 1, 1, 0,
        1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2, 1, 2, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 2, 3, 3, 3, 3, 4, 3,
        4, 4, 4, 4, 2,
    ],
);

fn of(micros: impl IntoIterator<Item = u64>) -> HistogramValue {
    let mut histogram = Histogram::new_with_bounds(1, 3_600_000_000, 2).unwrap();
    let (mut sum, mut min, mut max) = (0.0, f64::INFINITY, 0.0_f64);
    for micros in micros {
        histogram.record(micros).unwrap();
        let seconds = micros as f64 / 1e6;
        sum += seconds;
        min = min.min(seconds);
        max = max.max(seconds);
    }
    HistogramValue { histogram, sum, min, max, exemplars: Vec::new() }
}

#[test]
fn values_are_in_the_bucket_whose_bounds_hold_them() {
    for (value, bucket) in TRUTH {
        assert_eq!(index(value), bucket, "{value:e}");
    }
}

#[test]
fn the_finest_scale_that_fits_is_taken() {
    let (scale, offset, counts) = ONE_TO_HUNDRED;
    assert_eq!(buckets(&of(1..=100)), Buckets { scale, zero_count: 0, offset, counts: counts.to_vec() });

    let one = buckets(&of([1_000_000; 7]));
    assert_eq!(one, Buckets { scale: MAX_SCALE, zero_count: 0, offset: -1, counts: vec![7] });

    let wide = buckets(&of([1, 3_600_000_000]));
    assert_eq!((wide.scale, wide.offset, wide.counts.len()), (2, -80, 128));
    assert_eq!((wide.counts[0], wide.counts[127], wide.counts.iter().sum::<u64>()), (1, 1, 2));
}

#[test]
fn whatever_is_recorded_is_counted_once_in_at_most_160_buckets() {
    for (from, to, step) in
        [(1, 2_000, 1), (1, 3_600_000_000, 7_919_999), (500, 501, 1), (0, 90_000_000, 12_345)]
    {
        let value = of((from..=to).step_by(step));
        let found = buckets(&value);
        assert!(found.counts.len() <= MAX_SIZE as usize);
        assert_eq!(found.zero_count + found.counts.iter().sum::<u64>(), value.histogram.len());
        assert!(found.counts.first() != Some(&0) && found.counts.last() != Some(&0), "trimmed");
        let (scale, zero) = (f64::from(found.scale), found.zero_count);
        let bound = |index: i32| (f64::from(index) * (-scale).exp2()).exp2();
        let last = found.offset + found.counts.len() as i32;
        // The histogram knows its values to two digits, but the extremes exactly; the bounds are rounded doubles.
        let (below, above) = (1.0 - 1e-12, 1.0 + 1e-12);
        assert!(bound(last - 1) * below < value.max && value.max <= bound(last) * above);
        if zero == 0 {
            assert!(bound(found.offset) * below < value.min && value.min <= bound(found.offset + 1) * above);
        }
    }
}

#[test]
fn zeros_and_nothing_have_no_bucket() {
    assert_eq!(buckets(&of([0, 0])), Buckets { scale: MAX_SCALE, zero_count: 2, ..Buckets::default() });
    assert_eq!(buckets(&of([])), Buckets { scale: MAX_SCALE, ..Buckets::default() });
    let mixed = buckets(&of([0, 0, 1_000_000]));
    assert_eq!((mixed.zero_count, mixed.offset, mixed.counts), (2, -1, vec![1]));
}

/// The bucket of a value at a scale.
fn at_scale(scale: i32, seconds: f64) -> i32 {
    index(seconds) >> (INDEX_SCALE - scale)
}

/// How often each bucket is used.
fn spread(found: &Buckets) -> Vec<i32> {
    let used = (found.offset..).zip(&found.counts);
    used.flat_map(|(bucket, &count)| std::iter::repeat_n(bucket, count as usize)).collect()
}

fn measured(seconds: &[f64]) -> HistogramValue {
    let mut value = HistogramValue::empty().unwrap();
    seconds.iter().for_each(|&seconds| value.record(seconds));
    value
}

/// The same without what only the whole of a series knows of its extremes.
fn without_extremes(value: HistogramValue) -> HistogramValue {
    HistogramValue { min: f64::NAN, max: f64::NAN, ..value }
}

/// Durations of every size from `from` microseconds to a minute, and the seed goes on.
fn durations(seed: &mut u64, count: usize, from: f64) -> Vec<f64> {
    let mut next = || {
        // Numerical Recipes' generator for 64 bits.
        *seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (*seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    let (least, octaves) = (from / 1e6, (60e6 / from).log2());
    let narrow = if next() < 0.5 { 0.1 } else { 1.0 };
    let begin = next() * (1.0 - narrow);
    (0..count).map(|_| least * (octaves * (begin + narrow * next())).exp2()).collect()
}

#[test]
fn one_value_is_in_the_bucket_that_holds_it_whatever_else_is_known() {
    let mut seed = 7;
    for seconds in [0.008, 0.001, 0.1, 2.5].into_iter().chain(durations(&mut seed, 2_000, 0.6)) {
        for value in [measured(&[seconds]), measured(&[seconds; 3])] {
            for value in [value.clone(), without_extremes(value)] {
                let found = buckets(&value);
                assert!(found.scale <= MAX_SCALE);
                let expected = at_scale(found.scale, value.sum / value.histogram.len() as f64);
                assert_eq!(spread(&found)[0], expected, "{seconds}");
            }
        }
    }
}

#[test]
fn whole_microseconds_that_are_kept_apart_are_in_their_buckets() {
    for from in [1, 3, 10, 77, 128] {
        let micros: Vec<u64> = (from..=255).step_by(from as usize % 3 + 1).collect();
        let found = buckets(&without_extremes(of(micros.iter().copied())));
        let expected: Vec<i32> =
            micros.iter().map(|&micros| at_scale(found.scale, micros as f64 / 1e6)).collect();
        assert_eq!(spread(&found), expected);
    }
}

#[test]
fn a_value_is_at_most_one_bucket_from_the_one_that_holds_it_and_the_extremes_are_in_theirs() {
    let mut seed = 1;
    let (mut all, mut off) = (0, 0);
    for _ in 0..300 {
        let mut values = durations(&mut seed, 200, 128.5);
        values.sort_by(f64::total_cmp);
        let value = measured(&values);
        let found = buckets(&value);
        // Recording keeps the order, so the n-th value is in the n-th place.
        let expected: Vec<i32> = values.iter().map(|&seconds| at_scale(found.scale, seconds)).collect();
        let spread = spread(&found);
        assert_eq!((spread[0], spread[199]), (expected[0], expected[199]));
        for (found, expected) in spread.iter().zip(&expected) {
            assert!((found - expected).abs() <= 1, "{found} for {expected}");
        }
        all += spread.len();
        off += spread.iter().zip(&expected).filter(|(found, expected)| found != expected).count();
    }
    assert!(off * 4 < all, "{off} of {all} values are in the bucket next to theirs");
}
