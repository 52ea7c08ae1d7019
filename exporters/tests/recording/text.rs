//! Recordings for people, and what is refused.

use atelier_exporters::recording::{ConvertError, Format, convert};
use atelier_telemetry::recording::RecordingError;

use crate::made::{recording, without_end, world};

fn text(file: &[u8]) -> String {
    let mut text = Vec::new();
    convert(file, Format::Text, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

#[test]
fn the_text_says_what_is_in_it() {
    let text = text(&recording(&world(4, 500)));
    for part in
        ["Recording of https://a.example/", "500 calls", "1 traces", "Task Resize \"it\": ; 1 crashes", "p99"]
    {
        assert!(text.contains(part), "no {part:?} in\n{text}");
    }
    assert!(!text.contains("CUT"));
}

#[test]
fn the_text_says_that_a_recording_was_cut() {
    assert!(text(&without_end(&world(4, 5))).contains("THE RECORDING WAS CUT"));
}

#[test]
fn what_is_no_recording_is_refused_by_every_format() {
    for format in Format::ALL {
        assert_eq!(Format::from_name(format.name()), Some(format));
        let error = convert(b"PK\x03\x04", format, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, ConvertError::Recording(RecordingError::NotARecording)), "{error}");
    }
}

#[test]
fn a_result_that_cannot_be_written_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is full"))
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    for format in Format::ALL {
        let error = convert(&recording(&world(1, 3)), format, &mut Full).unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{error}");
    }
}
