//! What all panes have in common: the runtimes and recordings, which of them is in front, and which pane is. What a single
//! pane remembers is in a file of its own ([`super::PaneState`]).

use atelier_telemetry::frame::Frame;

use super::notices::Notices;
use super::recorder::Recorder;
use super::replay::Replay;
use super::store::{LongTask, Store};
use super::tabs::Tabs;

/// Where frames come from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A runtime of the page.
    Runtime {
        /// How it stands with its recording.
        recorder: Recorder,
    },
    /// A file that was opened.
    Recording {
        /// Its frames.
        replay: Box<Replay>,
        /// The number that the page knows the file by.
        file: u32,
    },
    /// Nowhere: there is no runtime, and no file has been opened yet.
    Nothing,
}

/// A runtime or a recording as the panel sees it.
#[derive(Debug)]
pub(crate) struct Source {
    /// What it is called.
    pub(crate) name: String,
    /// What is known of it.
    pub(crate) store: Store,
    /// What is wrong with its stream now.
    pub(crate) problem: Option<String>,
    /// Where its frames come from.
    pub(crate) origin: Origin,
}

impl Source {
    /// The recording, if it is one.
    pub(crate) fn replay(&self) -> Option<&Replay> {
        match &self.origin {
            Origin::Recording { replay, .. } => Some(replay),
            Origin::Runtime { .. } | Origin::Nothing => None,
        }
    }

    fn replay_mut(&mut self) -> Option<(&mut Replay, &mut Store)> {
        match &mut self.origin {
            Origin::Recording { replay, .. } => Some((replay, &mut self.store)),
            Origin::Runtime { .. } | Origin::Nothing => None,
        }
    }
}

/// Something a user did with the recording in front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplayAction {
    /// Shows the moment at a place.
    Seek(usize),
    /// Plays, or stops.
    Play(bool),
    /// Plays so many times as fast as it was.
    Speed(u32),
}

/// Everything the view draws from.
#[derive(Debug)]
pub(crate) struct State {
    /// Runtimes first, in the order of their numbers; then recordings.
    sources: Vec<Source>,
    current: usize,
    /// The panes.
    pub(crate) tabs: Tabs,
    /// What was told and not dismissed.
    pub(crate) notices: Notices,
}

impl State {
    /// A state for these runtimes and panes. Without a runtime there is nothing in front until a file is opened.
    pub(crate) fn new(names: Vec<String>, panes: Vec<&'static str>) -> State {
        let mut sources: Vec<Source> = names.into_iter().map(live).collect();
        if sources.is_empty() {
            sources.push(nothing());
        }
        State { sources, current: 0, tabs: Tabs::new(panes), notices: Notices::default() }
    }

    /// Shows these runtimes from now on; each is named, with the number it had before if it was there. What is known of a
    /// runtime that stays, stays; recordings stay. Says whether another source is in front now.
    pub(crate) fn set_runtimes(&mut self, runtimes: Vec<(String, Option<usize>)>) -> bool {
        let front = self.current;
        let mut before: Vec<Option<Source>> = self.sources.drain(..).map(Some).collect();
        let mut current = None;
        for (name, number) in runtimes {
            let is_runtime = |source: &mut Source| matches!(source.origin, Origin::Runtime { .. });
            let known = number.and_then(|number| before.get_mut(number)?.take_if(is_runtime));
            if number == Some(front) && known.is_some() {
                current = Some(self.sources.len());
            }
            self.sources.push(match known {
                Some(source) => Source { name, ..source },
                None => live(name),
            });
        }
        for (index, source) in before.into_iter().enumerate() {
            let Some(source) = source.filter(|source| source.replay().is_some()) else { continue };
            if index == front {
                current = Some(self.sources.len());
            }
            self.sources.push(source);
        }
        if self.sources.is_empty() {
            self.sources.push(nothing());
        }
        self.current = current.unwrap_or(0);
        current.is_none()
    }

    /// What can be brought to front.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The place of the runtime or recording in front.
    pub(crate) fn current(&self) -> usize {
        self.current
    }

    /// The runtime or recording in front.
    pub(crate) fn source(&self) -> &Source {
        &self.sources[self.current]
    }

    /// Brings a runtime or recording to front, by its place. Says whether there is one and it was not in front already.
    pub(crate) fn choose_runtime(&mut self, place: usize) -> bool {
        let other = place < self.sources.len() && place != self.current;
        if other {
            self.stop_playing();
            self.current = place;
        }
        other
    }

    /// Takes a runtime's next frame, or the reason why it could not be read. Says whether that concerns what is shown.
    pub(crate) fn take(&mut self, runtime: usize, frame: Result<Frame, String>) -> bool {
        let Some(source) = self.runtime_mut(runtime) else { return false };
        source.problem = match frame {
            Ok(frame) => source.store.apply(frame).err().map(|problem| problem.to_string()),
            Err(reason) => Some(format!("A frame of the snapshot stream could not be read: {reason}")),
        };
        runtime == self.current
    }

    /// Takes a long task of the page's main thread, which is that of all its runtimes, and of no recording.
    pub(crate) fn take_long_task(&mut self, task: LongTask) {
        for source in &mut self.sources {
            if matches!(source.origin, Origin::Runtime { .. }) {
                source.store.take_long_task(task);
            }
        }
    }

    /// Takes what the page says of a runtime's recording.
    pub(crate) fn set_recorder(&mut self, runtime: usize, now: Recorder) {
        if let Some(Source { origin: Origin::Runtime { recorder }, .. }) = self.runtime_mut(runtime) {
            *recorder = now;
        }
    }

    /// Opens a recording and brings it to front, at its end. Where there was nothing, it takes that place.
    ///
    /// # Errors
    /// The sentence to show, when nothing of it can be shown; everything else stays as it is.
    pub(crate) fn open_recording(&mut self, file: u32, name: String, bytes: &[u8]) -> Result<(), String> {
        let (replay, store) = Replay::open(bytes)?;
        self.stop_playing();
        let origin = Origin::Recording { replay: Box::new(replay), file };
        let recording = Source { name: format!("recording {name}"), store, problem: None, origin };
        self.sources.retain(|source| !matches!(source.origin, Origin::Nothing));
        self.sources.push(recording);
        self.current = self.sources.len() - 1;
        Ok(())
    }

    /// Closes the recording in front, if it is one, and brings a runtime to front, if there is one. Gives the number of its
    /// file.
    pub(crate) fn close_recording(&mut self) -> Option<u32> {
        let Origin::Recording { file, .. } = self.source().origin else { return None };
        self.sources.remove(self.current);
        if self.sources.is_empty() {
            self.sources.push(nothing());
        }
        self.current = 0;
        Some(file)
    }

    /// Does what a user asked for with the recording in front. `now` is a clock in milliseconds.
    pub(crate) fn replay(&mut self, action: ReplayAction, now: f64) {
        let Some((replay, store)) = self.sources[self.current].replay_mut() else { return };
        match action {
            ReplayAction::Seek(place) => {
                replay.play(false, now);
                replay.seek(place, store);
            }
            ReplayAction::Play(plays) => {
                replay.play(plays, now);
                replay.advance(now, store);
            }
            ReplayAction::Speed(speed) => replay.set_speed(speed, now),
        }
    }

    /// Shows what is due of a recording that plays. Says whether it plays on.
    pub(crate) fn advance(&mut self, now: f64) -> bool {
        self.sources[self.current].replay_mut().is_some_and(|(replay, store)| {
            replay.advance(now, store);
            replay.plays()
        })
    }

    fn stop_playing(&mut self) {
        if let Some((replay, _)) = self.sources[self.current].replay_mut() {
            replay.play(false, 0.0);
        }
    }

    fn runtime_mut(&mut self, place: usize) -> Option<&mut Source> {
        self.sources.get_mut(place).filter(|source| matches!(source.origin, Origin::Runtime { .. }))
    }
}

/// A runtime of which nothing is known yet.
fn live(name: String) -> Source {
    let origin = Origin::Runtime { recorder: Recorder::Idle };
    Source { name, store: Store::default(), problem: None, origin }
}

fn nothing() -> Source {
    Source { name: String::new(), store: Store::default(), problem: None, origin: Origin::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, recording, task};

    fn state() -> State {
        State::new(vec!["page".to_owned(), "other".to_owned()], vec!["Tasks"])
    }

    fn file_in_front(state: &State) -> Option<u32> {
        match state.source().origin {
            Origin::Recording { file, .. } => Some(file),
            Origin::Runtime { .. } | Origin::Nothing => None,
        }
    }

    #[test]
    fn frames_of_a_runtime_that_is_not_in_front_change_nothing_on_the_screen() {
        let mut state = state();
        assert!(!state.choose_runtime(7));
        assert!(!state.choose_runtime(0));
        assert!(state.choose_runtime(1));
        assert_eq!(state.source().name, "other");
        assert!(!state.take(0, Ok(full(1, 10_000.0, vec![]))));
        assert!(state.take(1, Ok(full(1, 10_000.0, vec![]))));
    }

    #[test]
    fn a_frame_that_cannot_be_read_is_told_and_forgotten_with_the_next() {
        let mut state = state();
        assert!(!state.take(9, Err("no such runtime".to_owned())));
        state.take(0, Err("missing field `seq`".to_owned()));
        assert!(state.source().problem.as_deref().is_some_and(|problem| problem.contains("missing field")));
        state.take(0, Ok(full(2, 10_250.0, vec![])));
        assert_eq!(state.source().problem, None);
    }

    #[test]
    fn a_recording_is_a_further_source_and_leaves_the_runtimes_alone() {
        let mut state = state();
        state.take(0, Ok(full(1, 10_000.0, vec![task("live")])));
        assert!(state.open_recording(3, "bad".to_owned(), b"garbage").is_err());
        assert_eq!((state.sources().len(), state.current()), (2, 0));
        state.open_recording(4, "a.atelier".to_owned(), &recording(3)).unwrap();
        assert_eq!((state.source().name.as_str(), file_in_front(&state)), ("recording a.atelier", Some(4)));
        // Live frames and long tasks go on, to the runtimes only.
        assert!(!state.take(0, Ok(full(2, 11_000.0, vec![]))));
        assert!(!state.take(2, Ok(full(2, 11_000.0, vec![]))), "a recording takes no frames");
        state.take_long_task(LongTask { start: 0.0, duration_ms: 60.0 });
        assert!(state.source().store.long_tasks().is_empty());
        assert!(!state.sources()[1].store.long_tasks().is_empty());
        state.replay(ReplayAction::Seek(0), 0.0);
        assert_eq!(state.source().store.now(), Some(0.0));
        state.replay(ReplayAction::Play(true), 500.0);
        assert!(state.advance(1_500.0) && state.source().store.now() == Some(1_000.0));
        assert!(state.choose_runtime(0) && state.choose_runtime(2));
        assert!(!state.advance(9_000.0), "what is no longer in front stands");
        assert_eq!((state.close_recording(), state.close_recording(), state.current()), (Some(4), None, 0));
        assert_eq!(state.source().store.now(), Some(11_000.0));
    }

    #[test]
    fn runtimes_that_stay_keep_what_is_known_of_them() {
        let mut state = state();
        state.take(1, Ok(full(1, 10_000.0, vec![task("kept")])));
        state.open_recording(4, "a.atelier".to_owned(), &recording(3)).unwrap();
        state.choose_runtime(1);
        let now = vec![("new".to_owned(), None), ("other".to_owned(), Some(1))];
        assert!(!state.set_runtimes(now), "what was in front still is");
        let names =
            |state: &State| state.sources().iter().map(|source| source.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&state), ["new", "other", "recording a.atelier"]);
        assert_eq!((state.current(), state.source().store.now()), (1, Some(10_000.0)));
        assert!(state.set_runtimes(vec![("new".to_owned(), Some(0))]), "what was in front is gone");
        assert_eq!((state.current(), names(&state).len()), (0, 2));
        // Numbers that make no sense are those of new runtimes; a recording is no runtime.
        let odd = vec![("a".to_owned(), Some(1)), ("b".to_owned(), Some(99)), ("c".to_owned(), Some(0))];
        assert!(!state.set_runtimes(odd));
        assert_eq!((names(&state).len(), state.current()), (4, 2));
        state.choose_runtime(3);
        assert!(!state.set_runtimes(Vec::new()) && file_in_front(&state) == Some(4));
        state.close_recording();
        assert!(state.set_runtimes(Vec::new()) && matches!(state.source().origin, Origin::Nothing));
    }

    #[test]
    fn without_a_runtime_there_is_nothing_until_a_recording_is_opened() {
        let mut state = State::new(Vec::new(), vec!["Tasks"]);
        assert!(matches!(state.source().origin, Origin::Nothing) && !state.take(0, Ok(full(1, 1.0, vec![]))));
        state.open_recording(1, "a".to_owned(), &recording(2)).unwrap();
        state.open_recording(2, "b".to_owned(), &recording(2)).unwrap();
        assert_eq!((state.sources().len(), file_in_front(&state)), (2, Some(2)));
        state.close_recording();
        assert_eq!(file_in_front(&state), Some(1));
        state.close_recording();
        assert!(matches!(state.source().origin, Origin::Nothing));
    }
}
