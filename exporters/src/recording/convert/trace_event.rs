//! Events of the Trace Event Format ("Trace Event Format", Google, revision of 2016: the JSON that `chrome://tracing` and
//! Perfetto open), written one a line.

use std::io::{self, Write};

use serde::Serialize;

/// One event. Times are nanoseconds from the page's beginning; the format has microseconds.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct TraceEvent<'a> {
    pub(super) ph: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cat: Option<&'static str>,
    pub(super) name: &'a str,
    pub(super) pid: u32,
    pub(super) tid: u32,
    #[serde(serialize_with = "microseconds")]
    pub(super) ts: u64,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_microseconds")]
    pub(super) dur: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    /// To what a flow's end is bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bp: Option<&'static str>,
    /// How far an instant reaches: `t`hread, `p`rocess, `g`lobal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) s: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) args: Option<serde_json::Value>,
}

fn microseconds<S: serde::Serializer>(nanoseconds: &u64, to: S) -> Result<S::Ok, S::Error> {
    // Of a page that has been open for less than three months, every nanosecond is in it.
    to.serialize_f64(*nanoseconds as f64 / 1e3)
}

fn optional_microseconds<S: serde::Serializer>(nanoseconds: &Option<u64>, to: S) -> Result<S::Ok, S::Error> {
    microseconds(&nanoseconds.unwrap_or_default(), to)
}

/// Writes a whole trace.
pub(super) struct TraceWriter<'a, W: Write> {
    out: &'a mut W,
    is_first: bool,
}

impl<'a, W: Write> TraceWriter<'a, W> {
    pub(super) fn begin(out: &'a mut W) -> io::Result<TraceWriter<'a, W>> {
        out.write_all(b"{\"traceEvents\":[\n")?;
        Ok(TraceWriter { out, is_first: true })
    }

    pub(super) fn event(&mut self, event: &TraceEvent<'_>) -> io::Result<()> {
        if !std::mem::take(&mut self.is_first) {
            self.out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut *self.out, event).map_err(io::Error::from)
    }

    /// Ends it. `about` is shown with the trace.
    pub(super) fn end(self, about: &serde_json::Value) -> io::Result<()> {
        self.out.write_all(b"\n],\n\"displayTimeUnit\":\"ms\",\"otherData\":")?;
        serde_json::to_writer(&mut *self.out, about)?;
        self.out.write_all(b"}\n")?;
        self.out.flush()
    }
}
