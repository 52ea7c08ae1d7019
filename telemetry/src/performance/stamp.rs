//! Segments as numbers: texts cross to the browser once, and every segment names them by number.

use std::sync::Arc;

use atelier_core::names::Phase;
use rustc_hash::FxHashMap;

use super::measure::TRACES_TRACK;
use super::segments::{Lane, Segment};
use super::{TRACK_GROUP, TimelineSink};

/// The number of the text that is the group of all our tracks.
pub const GROUP_TEXT: u32 = 0;

/// How many texts have numbers at most. When one more comes, all numbers are given anew: pages may name each trace
/// differently for ever.
pub const DEFAULT_TEXTS_KEPT: usize = 1_024;

/// One `console.timeStamp` entry. Its texts are numbers that [`TimelineSink::text`] was told before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stamp {
    /// What it is called.
    pub label: u32,
    /// The call, which is told beside the label.
    pub call_id: Option<u64>,
    /// Milliseconds since `performance.timeOrigin`, never below zero.
    pub start: f64,
    /// Milliseconds since `performance.timeOrigin`, never before `start`.
    pub end: f64,
    /// Its track.
    pub track: u32,
    /// One of DevTools' own colour names.
    pub color: u32,
}

/// What a text is of: less to look up than the text itself, which is only made when it is new.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum TextOf {
    Track(u64, u64, Lane),
    Traces,
    Label(Arc<str>, Option<Phase>),
    Color(&'static str),
}

/// The numbers of texts.
#[derive(Debug, Default)]
pub(super) struct Texts(FxHashMap<TextOf, u32>);

impl Texts {
    /// A segment in numbers; the sink is told the texts that it does not know.
    pub(super) fn stamp(&mut self, segment: &Segment, sink: &mut impl TimelineSink) -> Stamp {
        // Room for the three of this one, which must not be given anew in between.
        if self.0.is_empty() || self.0.len() + 3 > DEFAULT_TEXTS_KEPT {
            self.0.clear();
            sink.text(GROUP_TEXT, TRACK_GROUP);
        }
        let track = match &segment.place {
            Some((task, lane)) => self.number(TextOf::Track(task.runtime, task.handle, *lane), sink, || {
                lane.track(task.name.as_ref().unwrap_or(&task.id))
            }),
            None => self.number(TextOf::Traces, sink, || TRACES_TRACK.to_owned()),
        };
        let (name, phase) = (&segment.name, segment.phase);
        let label = self.number(TextOf::Label(name.clone(), phase), sink, || match phase {
            Some(phase) => format!("{name}: {}", phase.name()),
            None => name.to_string(),
        });
        let color = self.number(TextOf::Color(segment.color), sink, || segment.color.to_owned());
        Stamp { label, call_id: segment.call_id, start: segment.start, end: segment.end, track, color }
    }

    fn number(&mut self, of: TextOf, sink: &mut impl TimelineSink, text: impl FnOnce() -> String) -> u32 {
        let next = self.0.len() as u32 + GROUP_TEXT + 1;
        *self.0.entry(of).or_insert_with(|| {
            sink.text(next, &text());
            next
        })
    }
}
