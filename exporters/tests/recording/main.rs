//! Recordings: what a runtime tells, through the recorder, into a file and back.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test that cannot go on fails")]

mod bounds;
mod hlog;
mod made;
mod otlp;
mod perfetto;
mod recorder;
mod runtime;
mod text;
mod trace_format;
