//! What the page says of recording a runtime.

use serde::Deserialize;

use super::format::bytes;
use super::replay::length;

/// How it stands with a runtime's recording. The page records; the panel asks for it and shows this.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(tag = "is", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(crate) enum Recorder {
    /// It is not recorded.
    #[default]
    Idle,
    /// It cannot be.
    Cannot {
        /// Why, as a sentence.
        why: String,
    },
    /// It is recorded.
    Running {
        /// For how long, milliseconds.
        elapsed_ms: f64,
        /// How long the file is so far, if the runtime tells.
        #[serde(default)]
        bytes: Option<f64>,
        /// Facts that were lost: most of them, when a recording is longer than its bound, made room for newer ones.
        #[serde(default)]
        dropped: f64,
    },
    /// It is being put into a file.
    Ending,
}

impl Recorder {
    /// What the button says.
    pub(crate) fn text(&self) -> String {
        match self {
            Recorder::Idle | Recorder::Cannot { .. } => "Record".to_owned(),
            Recorder::Running { elapsed_ms, bytes: Some(size), .. } => {
                format!("{} · {}", length(*elapsed_ms), bytes(*size))
            }
            Recorder::Running { elapsed_ms, bytes: None, .. } => {
                format!("{} · size not known", length(*elapsed_ms))
            }
            Recorder::Ending => "Finishing…".to_owned(),
        }
    }

    /// What pressing it does, or why it does nothing.
    pub(crate) fn label(&self) -> String {
        match self {
            Recorder::Idle => "Record everything that this runtime tells from now on".to_owned(),
            Recorder::Cannot { why } => why.clone(),
            Recorder::Running { dropped, .. } if *dropped > 0.0 => {
                "Stop recording; its oldest part, or what came too fast, was left out".to_owned()
            }
            Recorder::Running { .. } => "Stop recording".to_owned(),
            Recorder::Ending => "The recording is being put into a file".to_owned(),
        }
    }

    /// Whether it runs.
    pub(crate) fn runs(&self) -> bool {
        matches!(self, Recorder::Running { .. })
    }

    /// Whether pressing the button does anything.
    pub(crate) fn can_be_pressed(&self) -> bool {
        matches!(self, Recorder::Idle | Recorder::Running { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_how_long_and_how_much_as_far_as_that_is_known() {
        let read = |text: &str| serde_json::from_str::<Recorder>(text).unwrap();
        let running = read(r#"{"is":"running","elapsedMs":12345,"bytes":1234567,"dropped":0}"#);
        assert_eq!(
            (running.text().as_str(), running.label().as_str()),
            ("12.3 s · 1.23 MB", "Stop recording")
        );
        let vague = read(r#"{"is":"running","elapsedMs":61000}"#);
        assert_eq!(vague.text(), "1:01 · size not known");
        assert!(vague.runs() && vague.can_be_pressed());
        let cannot = read(r#"{"is":"cannot","why":"This runtime has no record()."}"#);
        assert_eq!(
            (cannot.label().as_str(), cannot.can_be_pressed()),
            ("This runtime has no record().", false)
        );
        assert!(!read(r#"{"is":"ending"}"#).can_be_pressed() && read(r#"{"is":"idle"}"#) == Recorder::Idle);
    }
}
