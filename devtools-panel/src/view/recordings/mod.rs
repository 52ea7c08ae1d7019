//! Recording, and what was recorded: the tools in the panel's header, the bar of a recording that is open, what is told of
//! files, and where files are dropped.

mod bar;
mod drop_area;
mod notices;
mod open;
mod tools;

pub(crate) use bar::ReplayBar;
pub(crate) use drop_area::{DropTarget, Welcome};
pub(crate) use notices::NoticesView;
pub(crate) use tools::RecordTools;

/// The rules of all of them.
pub(crate) const STYLE: &str = include_str!("recordings.css");

/// What a user asks the page for: it records, it has the files.
#[derive(Clone, Debug)]
pub(crate) enum Ask {
    /// To record the runtime in front, or to stop.
    Record(bool),
    /// To open files, a list of `File`.
    Open(js_sys::Array),
    /// Something with a file that the page knows by this number.
    File(FileAsk, u32),
    /// To take a notice away, by its number.
    Dismiss(u64),
    /// To close the recording in front.
    CloseRecording,
}

/// What can be done with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileAsk {
    /// Saves it.
    Save,
    /// Saves it as a trace in Perfetto's JSON.
    Perfetto,
    /// Opens it in the panel.
    Open,
    /// Nobody needs it any more.
    Forget,
}

impl FileAsk {
    /// What the page calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            FileAsk::Save => "save",
            FileAsk::Perfetto => "perfetto",
            FileAsk::Open => "open",
            FileAsk::Forget => "forget",
        }
    }
}
