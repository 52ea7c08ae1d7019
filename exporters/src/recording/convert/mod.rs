//! Recordings as what other tools open.

mod error;
mod hlog;
mod lanes;
mod otlp;
mod perfetto;
mod text;
mod timeline;
mod trace_event;

use std::io::Write;

use atelier_telemetry::recording::{Ending, Reader};

pub use error::ConvertError;
pub use hlog::HLOG_INTERVAL_SECONDS;

/// What a recording can be turned into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// The Trace Event Format in JSON, for Perfetto (ui.perfetto.dev) and `chrome://tracing`.
    Perfetto,
    /// OTLP in JSON, a request a line, for collectors (`otlpjsonfile` receiver).
    Otlp,
    /// An HdrHistogram interval log, for HdrHistogram's own tools.
    Hlog,
    /// What is in it, for people.
    Text,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 4] = [Format::Perfetto, Format::Otlp, Format::Hlog, Format::Text];

    /// The name in options and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Perfetto => "perfetto",
            Format::Otlp => "otlp",
            Format::Hlog => "hlog",
            Format::Text => "text",
        }
    }

    /// The format with this name.
    pub fn from_name(name: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.name() == name)
    }

    /// What the names of such files end with.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Perfetto => "json",
            Format::Otlp => "jsonl",
            Format::Hlog => "hlog",
            Format::Text => "txt",
        }
    }

    /// Their media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Format::Perfetto => "application/json",
            Format::Otlp => "application/jsonl",
            Format::Hlog | Format::Text => "text/plain",
        }
    }
}

/// What there is to know about a conversion that went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Converted {
    /// The recording was cut; what came before was converted.
    pub cut: bool,
    /// Items that a newer Atelier wrote and that were passed over.
    pub unknown: u64,
}

impl Converted {
    fn of(reader: &Reader<'_>) -> Converted {
        Converted { cut: matches!(reader.ending(), Some(Ending::Cut { .. })), unknown: reader.unknown() }
    }
}

/// Converts a recording. It is read segment by segment, and written as it is read.
///
/// # Errors
/// It cannot be read, or `out` cannot be written to. What was written until then is of no use.
///
/// # Example
/// ```no_run
/// use atelier_exporters::recording::{Format, convert};
///
/// let recording = std::fs::read("slow.atelier")?;
/// let mut trace = std::fs::File::create("slow.json")?;
/// let converted = convert(&recording, Format::Perfetto, &mut trace)?;
/// if converted.cut {
///     eprintln!("the recording was cut; the rest is missing");
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn convert(recording: &[u8], format: Format, out: &mut impl Write) -> Result<Converted, ConvertError> {
    match format {
        Format::Perfetto => perfetto::write(recording, out),
        Format::Otlp => otlp::write(recording, out),
        Format::Hlog => hlog::write(recording, out),
        Format::Text => text::write(recording, out),
    }
}
