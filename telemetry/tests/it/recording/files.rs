//! Files that are not what they should be: each says what is wrong, and none does harm.

use std::sync::Arc;

use atelier_telemetry::recording::*;
use atelier_telemetry::{Record, SpanRecord};

use super::samples::{Samples, block, file, segment, shown, told};
use crate::support::Random;

fn whole_file() -> (Vec<u8>, Vec<String>) {
    let mut samples = Samples::seeded(11);
    let parts = [samples.items(40), samples.items(40), samples.items(40)];
    let segments: Vec<_> = parts.iter().map(|items| (segment(items), Coding::Zlib)).collect();
    let all = parts.iter().flat_map(|items| shown(items)).collect();
    (
        file(
            &Header { page: "https://a.example/".to_owned(), ..Header::default() },
            &segments,
            &Summary::default(),
        ),
        all,
    )
}

fn message(error: RecordingError) -> String {
    error.to_string()
}

#[test]
fn a_file_that_was_cut_anywhere_gives_what_came_before_and_says_so() {
    let (file, all) = whole_file();
    let head = file_head(&Header { page: "https://a.example/".to_owned(), ..Header::default() }).len();
    let mut most = 0;
    for length in (0..file.len()).step_by(7).chain(file.len() - 20..file.len()) {
        match told(&file[..length]) {
            Ok((items, ending)) => {
                assert!(length >= head);
                assert!(matches!(ending, Ending::Cut { at } if at <= length), "{length}: {ending:?}");
                assert!(all.starts_with(&items), "{length}: something came out that was not recorded");
                assert!(items.len() >= most, "{length}: a longer part tells less");
                most = items.len();
            }
            Err(error) if length == 0 => assert_eq!(error, RecordingError::Empty),
            Err(error) => assert!(length < head && error == RecordingError::CutInHeader, "{length}: {error}"),
        }
    }
    assert_eq!(most, all.len());
    assert!(matches!(told(&file).unwrap().1, Ending::Whole(_)));
}

#[test]
fn garbage_is_no_recording() {
    let mut random = Random::seeded(1);
    for length in [1, 7, 8, 100, 10_000] {
        let garbage: Vec<u8> = (0..length).map(|_| random.next() as u8 | 1).collect();
        assert_eq!(Reader::open(&garbage).unwrap_err(), RecordingError::NotARecording);
    }
    assert_eq!(Reader::open(b"{\"traceEvents\":[]}").unwrap_err(), RecordingError::NotARecording);
    assert!(message(RecordingError::NotARecording).contains("stop()"));
}

#[test]
fn a_newer_version_is_refused_by_its_number() {
    let (mut file, _) = whole_file();
    file[8..10].copy_from_slice(&(RECORDING_VERSION + 1).to_le_bytes());
    let error = Reader::open(&file).unwrap_err();
    assert_eq!(error, RecordingError::Newer { version: RECORDING_VERSION + 1 });
    assert!(message(error).contains("newer Atelier"));
}

#[test]
fn blocks_and_items_that_a_newer_atelier_adds_are_passed_over() {
    let mut samples = Samples::seeded(2);
    let items = samples.items(5);
    let mut plain = segment(&items[..3]);
    plain.extend([200, 4, 1, 2, 3, 4]);
    let mut file = file_head(&Header::default());
    file.extend([9, 77, 0, 0, 3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]);
    file.extend(block(&plain, Coding::Zlib));
    file.extend(summary_block(&Summary::default()));
    let mut reader = Reader::open(&file).unwrap();
    let told: Vec<String> = reader.by_ref().map(|item| format!("{:?}", item.unwrap())).collect();
    assert_eq!((told, reader.unknown()), (shown(&items[..3]), 1));
    assert!(matches!(reader.ending(), Some(Ending::Whole(_))));
}

#[test]
fn a_call_of_an_older_atelier_is_read_without_what_it_did_not_write() {
    let call = SpanRecord {
        error_stack: None,
        cancel_reason: None,
        error_message: Some("a".repeat(200).into()),
        ..Samples::seeded(4).call()
    };
    let items = [Item::Record(Record::Span(Arc::new(call)))];
    let mut plain = segment(&items);
    // The call is the last item, and the marks of a missing stack and reason its last bytes: both are taken back.
    let length = |at: usize| usize::from(plain[at] & 127) + (usize::from(plain[at + 1]) << 7);
    let head =
        (0..plain.len() - 2).find(|&at| plain[at] == 4 && length(at + 1) + at + 3 == plain.len()).unwrap();
    let shorter = length(head + 1) - 2;
    assert_eq!((plain.pop(), plain.pop(), shorter > 127), (Some(0), Some(0), true));
    plain[head + 1] = shorter as u8 | 128;
    plain[head + 2] = (shorter >> 7) as u8;
    let file = file(&Header::default(), &[(plain, Coding::Zlib)], &Summary::default());
    assert_eq!(told(&file).unwrap().0, shown(&items));
}

#[test]
fn a_bomb_is_refused_before_it_goes_off() {
    let zeros = vec![0; 2 * MAX_SEGMENT_BYTES];
    let bomb = miniz_oxide::deflate::compress_to_vec_zlib(&zeros, 1);
    assert!(bomb.len() < MAX_SEGMENT_BYTES / 100);
    for (plain, what) in [
        (u32::MAX, "longer than segments are"),
        (MAX_SEGMENT_BYTES as u32 + 1, "longer than segments are"),
        (MAX_SEGMENT_BYTES as u32, "more than it says"),
        (10, "more than it says"),
    ] {
        let mut file = file_head(&Header::default());
        file.extend(segment_head(Coding::Zlib, bomb.len() as u32, plain));
        file.extend(&bomb);
        assert!(message(told(&file).unwrap_err()).contains(what), "{plain}");
    }
}

#[test]
fn a_promise_of_much_takes_no_memory_before_it_is_kept() {
    // A string, a list, a header: each says that it is very long.
    let long = [0xff, 0xff, 0xff, 0xff, 0x0f];
    for tag in 1..=8 {
        for filler in [0, 1, 0xff] {
            let mut content = long.to_vec();
            content.extend([filler; 40]);
            let mut plain = vec![tag, content.len() as u8];
            plain.extend(content);
            let mut file = file_head(&Header::default());
            file.extend(block(&plain, Coding::Plain));
            // Whatever it means: it is read, or refused.
            let _ = told(&file);
        }
    }
    let mut file = file_head(&Header::default());
    file[12..16].copy_from_slice(&u32::MAX.to_le_bytes());
    assert!(message(Reader::open(&file).unwrap_err()).contains("header"));
}

#[test]
fn no_change_of_a_file_brings_the_reader_down() {
    let mut samples = Samples::seeded(23);
    let items = samples.items(60);
    let mut random = Random::seeded(99);
    for coding in [Coding::Plain, Coding::Zlib] {
        let whole = file(&Header::default(), &[(segment(&items), coding)], &Summary::default());
        for _ in 0..3_000 {
            let mut file = whole.clone();
            for _ in 0..=random.below(3) {
                let place = random.below(file.len() as u64) as usize;
                file[place] = random.next() as u8;
            }
            match Reader::open(&file) {
                Ok(reader) => drop(reader.collect::<Vec<_>>()),
                Err(error) => assert!(!message(error).is_empty()),
            }
        }
    }
}

#[test]
fn damage_is_told_by_its_place_and_nothing_comes_after_it() {
    let (mut file, all) = whole_file();
    let place = file.len() * 2 / 3;
    file[place] ^= 0x55;
    let mut reader = Reader::open(&file).unwrap();
    let items: Vec<_> = reader.by_ref().collect();
    let (last, before) = items.split_last().unwrap();
    assert!(matches!(last, Err(RecordingError::Damaged { at, .. }) if *at < place), "{last:?}");
    let before: Vec<String> = before.iter().map(|item| format!("{:?}", item.as_ref().unwrap())).collect();
    assert!(all.starts_with(&before) && !before.is_empty());
    assert!(reader.next().is_none());
}
