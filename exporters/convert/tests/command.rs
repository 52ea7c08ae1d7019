//! The command as it is called.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;
use std::process::{Command, Output};

use atelier_telemetry::recording::{Header, Summary, file_head, summary_block};

fn convert(arguments: &[&str], folder: &Path) -> Output {
    let command = env!("CARGO_BIN_EXE_atelier-convert");
    Command::new(command).args(arguments).current_dir(folder).output().unwrap()
}

fn recording(folder: &Path) {
    let mut file = file_head(&Header { page: "https://a.example/".to_owned(), ..Header::default() });
    std::fs::write(folder.join("cut.atelier"), &file).unwrap();
    file.extend(summary_block(&Summary::default()));
    std::fs::write(folder.join("whole.atelier"), file).unwrap();
    std::fs::write(folder.join("photo.atelier"), b"GIF89a").unwrap();
}

fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_recording_is_converted_to_the_output_or_into_a_file() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let text = convert(&["whole.atelier", "--to", "text"], folder.path());
    assert!(text.status.success() && said(&text).is_empty());
    assert!(String::from_utf8(text.stdout).unwrap().contains("Recording of https://a.example/"));
    let trace = convert(&["whole.atelier", "--to", "perfetto", "-o", "trace.json"], folder.path());
    assert!(trace.status.success() && trace.stdout.is_empty());
    assert!(
        std::fs::read_to_string(folder.path().join("trace.json")).unwrap().starts_with("{\"traceEvents\"")
    );
    assert!(!folder.path().join("trace.json.part").exists());
}

#[test]
fn a_recording_that_was_cut_is_converted_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    let text = convert(&["cut.atelier", "--to", "hlog"], folder.path());
    assert!(text.status.success());
    assert!(said(&text).contains("was cut"));
}

#[test]
fn what_cannot_be_done_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    recording(folder.path());
    std::fs::write(folder.path().join("old.json"), "old").unwrap();
    for (arguments, expected) in [
        (&["none.atelier", "--to", "text"][..], "cannot read none.atelier"),
        (&["whole.atelier", "--to", "xml"], "there are perfetto"),
        (&["whole.atelier"], "--to <FORMAT>"),
        (&["whole.atelier", "--to", "hlog", "-o", "no/such/folder/x"], "cannot write no/such/folder/x"),
        (&["photo.atelier", "--to", "perfetto", "-o", "old.json"], "photo.atelier: this is no recording"),
    ] {
        let output = convert(arguments, folder.path());
        assert!(!output.status.success(), "{arguments:?}");
        assert!(said(&output).contains(expected), "{arguments:?}: {}", said(&output));
    }
    assert_eq!(std::fs::read_to_string(folder.path().join("old.json")).unwrap(), "old");
    assert!(!folder.path().join("old.json.part").exists());
}
