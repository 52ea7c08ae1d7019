//! What the panel shows of what it knows, and how what a user does changes that.

use atelier_telemetry::frame::Frame;

use super::overview::{SortColumn, SortOrder};
use super::store::Store;
use super::timeline::{METRICS, Scale, call_at, layout};
use super::window::Window;

/// A pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tab {
    /// The tasks.
    Tasks,
    /// The latest calls.
    Timeline,
    /// The ledger.
    Delivery,
}

impl Tab {
    /// All of them, in the order of the tabs.
    pub(crate) const ALL: [Tab; 3] = [Tab::Tasks, Tab::Timeline, Tab::Delivery];

    /// What the tab is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Tab::Tasks => "Tasks",
            Tab::Timeline => "Timeline",
            Tab::Delivery => "Delivery",
        }
    }

    /// The tab `steps` further, around the end.
    pub(crate) fn step(self, steps: isize) -> Tab {
        let place = Tab::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Tab::ALL[place.wrapping_add_signed(steps).wrapping_add(Tab::ALL.len()) % Tab::ALL.len()]
    }
}

/// Something a user did.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Chose a tab.
    Tab(Tab),
    /// Chose a runtime, by its place.
    Runtime(usize),
    /// Wrote into the filter.
    Filter(String),
    /// Pressed a column's head.
    Sort(SortColumn),
    /// Switched following on or off.
    Follow(bool),
    /// Zoomed the timeline: shows `factor` times as much, around the place at `anchor` (0 to 1).
    Zoom {
        /// Below 1 is nearer.
        factor: f64,
        /// 0 is the left edge.
        anchor: f64,
    },
    /// Moved the timeline by a share of its width.
    Pan(f64),
    /// Moved the pointer over the lanes, or off them.
    Point(Option<Spot>),
    /// Pressed at a place in the lanes.
    Press(Spot),
    /// Went to the next (or the one before) of the calls.
    Step(isize),
    /// Closed the details.
    Deselect,
    /// Scrolled or resized: only what is seen of it changes.
    Look,
}

/// A point in the lanes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spot {
    /// The width of the lanes on the screen, CSS pixels.
    pub(crate) width: f64,
    /// From their left edge.
    pub(crate) x: f64,
    /// From their top, scrolled away or not.
    pub(crate) y: f64,
}

/// A runtime as the panel sees it.
#[derive(Debug)]
pub(crate) struct Source {
    /// What the runtime is called.
    pub(crate) name: String,
    /// What is known of it.
    pub(crate) store: Store,
    /// What is wrong with its stream now.
    pub(crate) problem: Option<String>,
}

/// Everything the view draws from.
#[derive(Debug)]
pub(crate) struct State {
    sources: Vec<Source>,
    current: usize,
    /// The pane in front.
    pub(crate) tab: Tab,
    /// What the tasks are filtered by.
    pub(crate) filter: String,
    /// What the tasks are sorted by.
    pub(crate) sort: Option<SortOrder>,
    /// What the timeline shows.
    pub(crate) window: Window,
    /// The call under the pointer.
    pub(crate) hovered: Option<u64>,
    /// The call whose details are shown.
    pub(crate) selected: Option<u64>,
}

impl State {
    /// A state for these runtimes; at least one, so that there is always one in front.
    pub(crate) fn new(mut names: Vec<String>) -> State {
        if names.is_empty() {
            names.push("Runtime".to_owned());
        }
        State {
            sources: names
                .into_iter()
                .map(|name| Source { name, store: Store::default(), problem: None })
                .collect(),
            current: 0,
            tab: Tab::Tasks,
            filter: String::new(),
            sort: None,
            window: Window::default(),
            hovered: None,
            selected: None,
        }
    }

    /// The runtimes.
    pub(crate) fn sources(&self) -> &[Source] {
        &self.sources
    }

    /// The runtime in front.
    pub(crate) fn source(&self) -> &Source {
        &self.sources[self.current]
    }

    /// Takes a runtime's next frame, or the reason why it could not be read. Says whether that concerns what is shown.
    pub(crate) fn take(&mut self, runtime: usize, frame: Result<Frame, String>) -> bool {
        let Some(source) = self.sources.get_mut(runtime) else { return false };
        source.problem = match frame {
            Ok(frame) => source.store.apply(frame).err().map(|problem| problem.to_string()),
            Err(reason) => Some(format!("A frame of the snapshot stream could not be read: {reason}")),
        };
        runtime == self.current
    }

    /// Does what the user asked for.
    pub(crate) fn update(&mut self, action: Action) {
        let now = self.source().store.now().unwrap_or(0.0);
        match action {
            Action::Tab(tab) => self.tab = tab,
            Action::Runtime(place) if place < self.sources.len() => {
                self.current = place;
                (self.hovered, self.selected) = (None, None);
                self.window.set_follow(true, now);
            }
            Action::Runtime(_) => {}
            Action::Filter(text) => self.filter = text,
            Action::Sort(column) => self.sort = SortOrder::after_press(self.sort, column),
            Action::Follow(follow) => self.window.set_follow(follow, now),
            Action::Zoom { factor, anchor } => self.window.zoom(factor, anchor),
            Action::Pan(share) => self.window.pan(share, now),
            Action::Point(spot) => self.hovered = spot.and_then(|spot| self.call_at(spot, now)),
            Action::Press(spot) => self.selected = self.call_at(spot, now),
            Action::Step(steps) => self.step(steps, now),
            Action::Deselect => self.selected = None,
            Action::Look => {}
        }
    }

    fn call_at(&self, spot: Spot, now: f64) -> Option<u64> {
        let store = &self.source().store;
        call_at(store, &layout(store, METRICS), Scale::of(&self.window, now, spot.width), spot.x, spot.y)
    }

    /// Selects the call that ended `steps` after the selected one; without one, the latest. Shows it.
    fn step(&mut self, steps: isize, now: f64) {
        let history = self.source().store.history();
        let latest = history.iter().next_back();
        let next = match self.selected.and_then(|number| history.get(number)) {
            Some(call) => call.number.checked_add_signed(steps as i64).and_then(|number| history.get(number)),
            None => latest,
        };
        if let Some((number, end)) = next.map(|call| (call.number, call.end())) {
            self.selected = Some(number);
            self.window.show(end, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{full, span, task};

    fn state() -> State {
        let mut state = State::new(vec!["page".to_owned(), "other".to_owned()]);
        let mut frame = full(1, 10_000.0, vec![task("a")]);
        frame.spans = vec![span("a", Some(0), 1_000.0, 500.0), span("a", Some(0), 9_000.0, 500.0)];
        assert!(state.take(0, Ok(frame)));
        state
    }

    #[test]
    fn pressing_a_bar_selects_its_call_and_beside_it_none() {
        let mut state = state();
        let y = METRICS.head + METRICS.gap + 1.0;
        state.update(Action::Press(Spot { width: 1000.0, x: 925.0, y }));
        assert_eq!(state.selected, Some(1));
        state.update(Action::Press(Spot { width: 1000.0, x: 500.0, y }));
        assert_eq!(state.selected, None);
    }

    #[test]
    fn stepping_begins_at_the_latest_call_and_stops_at_the_ends() {
        let mut state = state();
        let mut selected_after = |steps| {
            state.update(Action::Step(steps));
            state.selected
        };
        assert_eq!([1, -1, -1, 1, 1].map(&mut selected_after), [Some(1), Some(0), Some(0), Some(1), Some(1)]);
    }

    #[test]
    fn another_runtime_has_calls_of_its_own() {
        let mut state = state();
        state.update(Action::Step(1));
        state.update(Action::Runtime(7));
        assert_eq!((state.current, state.selected), (0, Some(1)));
        state.update(Action::Runtime(1));
        assert_eq!((state.source().name.as_str(), state.selected), ("other", None));
        assert!(!state.take(0, Ok(full(2, 10_250.0, vec![]))));
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
    fn tabs_go_around() {
        assert_eq!(Tab::Tasks.step(-1), Tab::Delivery);
        assert_eq!(Tab::Delivery.step(1), Tab::Tasks);
    }
}
