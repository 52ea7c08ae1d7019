//! The pane of events: which of them are looked at, and whether the view stands still.

mod describe;
mod filter;
mod kind;

use std::collections::VecDeque;
use std::rc::Rc;

pub(crate) use describe::{EventDetails, EventRow};
pub(crate) use filter::EventFilter;
pub(crate) use kind::EventKind;

use super::format::{clock_time, count};
use super::pane::PaneState;
use super::store::{Events, KeptEvent, Store};

/// How the events are looked at. The newest is on top.
#[derive(Debug, Default)]
pub(crate) struct EventsState {
    filter: EventFilter,
    /// What stands still while the view is paused.
    held: Option<Held>,
    /// Those that come through the filter, oldest first.
    shown: VecDeque<Rc<KeptEvent>>,
    /// The number of the next event to look at.
    next: u64,
    chosen: Option<Rc<KeptEvent>>,
}

/// The events as they were when the view was paused.
#[derive(Debug)]
struct Held {
    events: Events,
    /// When, milliseconds since the Unix epoch; `None` before the first frame.
    at: Option<f64>,
}

/// Something a user did to the events, or that has to be done before they are drawn.
#[derive(Clone, Debug)]
pub(crate) enum EventsAction {
    /// Takes what came meanwhile.
    Look,
    /// Let a kind through, or no longer.
    Kind(EventKind),
    /// Wrote into the filter of tasks.
    Task(String),
    /// Wrote into the filter of texts.
    Text(String),
    /// Paused the view, or had it go on.
    Pause(bool),
    /// Chose an event, by its number, or none.
    Choose(Option<u64>),
    /// Chose the event so many lines further down than the one chosen.
    Step(isize),
}

impl PaneState for EventsState {
    type Action = EventsAction;

    fn update(&mut self, action: EventsAction, store: &Store) {
        self.follow_back(store.events());
        match action {
            EventsAction::Look => {}
            EventsAction::Kind(kind) => self.narrow(|filter| filter.toggle(kind)),
            EventsAction::Task(task) => self.narrow(|filter| filter.set_task(&task)),
            EventsAction::Text(text) => self.narrow(|filter| filter.set_text(&text)),
            EventsAction::Pause(paused) => self.pause(paused, store),
            EventsAction::Choose(number) => {
                self.chosen = number.and_then(|number| self.shown.get(self.place_of(number)?).cloned());
                if self.chosen.is_some() {
                    self.pause(true, store);
                }
            }
            EventsAction::Step(lines) => {
                self.pause(true, store);
                self.look(store.events());
                self.step(lines);
            }
        }
        self.look(store.events());
    }

    fn another_store(&mut self, _store: &Store) {
        *self = EventsState { filter: self.filter.clone(), ..EventsState::default() };
    }
}

impl EventsState {
    /// What comes through.
    pub(crate) fn filter(&self) -> &EventFilter {
        &self.filter
    }

    /// Whether the view stands still.
    pub(crate) fn is_paused(&self) -> bool {
        self.held.is_some()
    }

    /// How many events come through the filter.
    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }

    /// Lines of events, the newest first: so many, from the line with this place on.
    pub(crate) fn rows(&self, from: usize, lines: usize, zone_offset_minutes: f64) -> Vec<EventRow> {
        let events = self.shown.iter().rev().skip(from).take(lines);
        events.map(|event| EventRow::of(event, zone_offset_minutes)).collect()
    }

    /// The place of the line of the event that is chosen, while it is there.
    pub(crate) fn chosen_line(&self) -> Option<usize> {
        let place = self.place_of(self.chosen.as_ref()?.number)?;
        Some(self.shown.len() - 1 - place)
    }

    /// The event that is chosen. It stays although it may no longer be kept.
    pub(crate) fn chosen(&self, zone_offset_minutes: f64) -> Option<EventDetails> {
        self.chosen.as_deref().map(|event| EventDetails::of(event, zone_offset_minutes))
    }

    /// `1,234 events`, `12 of 1,234 events`.
    pub(crate) fn told_shown(&self, store: &Store) -> String {
        let all = count(self.events(store).iter().len() as u64);
        if self.filter.is_narrow() {
            format!("{} of {all} events", count(self.shown.len() as u64))
        } else {
            format!("{all} events")
        }
    }

    /// What is not there: because newer ones needed its place, or because it never came. `None` when all is there.
    pub(crate) fn told_lost(&self, store: &Store) -> Option<String> {
        let events = self.events(store);
        let lost = [
            (events.evicted(), "made room for newer ones"),
            (events.dropped(), "dropped: more came at once than a frame has room for"),
        ];
        let parts: Vec<_> = lost
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, why)| format!("{} {why}", count(number)))
            .collect();
        (!parts.is_empty()).then(|| format!("No longer here: {}.", parts.join("; ")))
    }

    /// That the view stands still, since when, and what came meanwhile. `None` while it goes on.
    pub(crate) fn told_paused(&self, store: &Store, zone_offset_minutes: f64) -> Option<String> {
        let held = self.held.as_ref()?;
        let all = |events: &Events| events.taken().saturating_add(events.dropped());
        let since = all(store.events()).saturating_sub(all(&held.events));
        let at = held.at.map(|at| format!(" at {}", clock_time(at, zone_offset_minutes))).unwrap_or_default();
        Some(format!("Paused{at}: {} came since.", count(since)))
    }

    /// The events that are looked at.
    fn events<'a>(&'a self, store: &'a Store) -> &'a Events {
        self.held.as_ref().map_or(store.events(), |held| &held.events)
    }

    fn narrow(&mut self, change: impl FnOnce(&mut EventFilter)) {
        change(&mut self.filter);
        self.begin_again();
    }

    fn begin_again(&mut self) {
        self.shown.clear();
        self.next = 0;
    }

    fn pause(&mut self, paused: bool, store: &Store) {
        if paused == self.held.is_some() {
            return;
        }
        self.held = paused.then(|| Held { events: store.events().clone(), at: store.now() });
    }

    /// An earlier moment of a recording is in front: what stood still is of its future, and what is shown is too.
    fn follow_back(&mut self, live: &Events) {
        let taken = self.held.as_ref().map_or(self.next, |held| held.events.taken());
        if taken > live.taken() {
            (self.held, self.chosen) = (None, None);
            self.begin_again();
        }
    }

    /// Looks at the events that are new, and says at how many.
    fn look(&mut self, live: &Events) -> usize {
        let events = self.held.as_ref().map_or(live, |held| &held.events);
        let first = events.evicted();
        while self.shown.front().is_some_and(|oldest| oldest.number < first) {
            self.shown.pop_front();
        }
        let mut looked_at = 0;
        for event in events.since(self.next) {
            looked_at += 1;
            if self.filter.matches(&event.event) {
                self.shown.push_back(event.clone());
            }
        }
        self.next = events.taken();
        looked_at
    }

    /// The place of an event among those shown.
    fn place_of(&self, number: u64) -> Option<usize> {
        self.shown.binary_search_by_key(&number, |event| event.number).ok()
    }

    fn step(&mut self, lines: isize) {
        let Some(last) = self.shown.len().checked_sub(1) else { return };
        let line = match self.chosen_line() {
            Some(line) => line.saturating_add_signed(lines).min(last),
            // The first step is onto the first line.
            None => usize::try_from(lines.saturating_sub(1)).unwrap_or(0).min(last),
        };
        self.chosen = self.shown.get(last - line).cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::{counter_event, full, span_event};
    use crate::model::store::DEFAULT_EVENTS_KEPT;

    /// Takes so many events in a frame.
    fn push(store: &mut Store, seq: u64, events: usize, dropped: u64) {
        let mut frame = full(seq, seq as f64 * 250.0, vec![]);
        let event = |place: usize| {
            if place.is_multiple_of(2) { counter_event("a", place as f64) } else { span_event("b", "1", 5.0) }
        };
        frame.events = Some((0..events).map(event).collect());
        frame.events_dropped = dropped;
        store.apply(frame).unwrap();
    }

    fn numbers(state: &EventsState) -> Vec<u64> {
        state.rows(0, usize::MAX, 0.0).iter().map(|row| row.number).collect()
    }

    #[test]
    fn the_newest_is_on_top_and_the_filter_holds_for_what_comes() {
        let (mut store, mut state) = (Store::default(), EventsState::default());
        push(&mut store, 1, 4, 0);
        state.update(EventsAction::Look, &store);
        assert_eq!(numbers(&state), [3, 2, 1, 0]);
        state.update(EventsAction::Kind(EventKind::Counter), &store);
        push(&mut store, 2, 4, 0);
        state.update(EventsAction::Look, &store);
        assert_eq!(numbers(&state), [7, 5, 3, 1]);
        assert_eq!(state.rows(1, 2, 0.0).iter().map(|row| row.number).collect::<Vec<_>>(), [5, 3]);
        assert_eq!(state.told_shown(&store), "4 of 8 events");
        state.update(EventsAction::Task("a".to_owned()), &store);
        assert!(numbers(&state).is_empty());
        state.update(EventsAction::Kind(EventKind::Counter), &store);
        state.update(EventsAction::Text("DISPATCH".to_owned()), &store);
        assert_eq!(numbers(&state), [6, 4, 2, 0]);
    }

    #[test]
    fn a_paused_view_stands_still_and_counts_what_comes() {
        let (mut store, mut state) = (Store::default(), EventsState::default());
        push(&mut store, 1, 4, 0);
        state.update(EventsAction::Look, &store);
        state.update(EventsAction::Pause(true), &store);
        for seq in 2..20 {
            push(&mut store, seq, 500, 10);
            state.update(EventsAction::Look, &store);
        }
        assert_eq!(numbers(&state), [3, 2, 1, 0], "although all of them have made room meanwhile");
        assert_eq!(
            state.told_paused(&store, 0.0).as_deref(),
            Some("Paused at 00:00:00.250: 9,180 came since.")
        );
        assert_eq!(state.told_lost(&store), None);
        state.update(EventsAction::Text("work".to_owned()), &store);
        assert_eq!(numbers(&state), [3, 1], "the filter goes over what stands still");
        state.update(EventsAction::Text(String::new()), &store);
        state.update(EventsAction::Pause(false), &store);
        assert_eq!((state.len(), numbers(&state)[0]), (DEFAULT_EVENTS_KEPT, 9_003));
        assert_eq!(state.told_paused(&store, 0.0), None);
        assert_eq!(
            state.told_lost(&store).as_deref(),
            Some(
                "No longer here: 4,004 made room for newer ones; 180 dropped: more came at once than a frame has room for."
            )
        );
    }

    #[test]
    fn a_drawing_looks_only_at_what_is_new() {
        let (mut store, mut state) = (Store::default(), EventsState::default());
        for seq in 1..=40 {
            push(&mut store, seq, 512, 0);
            assert_eq!(state.look(store.events()), 512, "frame {seq}");
            assert_eq!(state.look(store.events()), 0);
            assert!(state.shown.len() <= DEFAULT_EVENTS_KEPT);
        }
        assert_eq!(state.shown.len(), DEFAULT_EVENTS_KEPT);
        state.update(EventsAction::Text("nothing".to_owned()), &store);
        push(&mut store, 41, 512, 0);
        assert_eq!((state.look(store.events()), state.len()), (512, 0));
    }

    #[test]
    fn an_event_that_is_chosen_pauses_the_view_and_stays() {
        let (mut store, mut state) = (Store::default(), EventsState::default());
        state.update(EventsAction::Step(1), &store);
        assert!(state.chosen(0.0).is_none() && state.chosen_line().is_none());
        state.update(EventsAction::Pause(false), &store);
        push(&mut store, 1, 10, 0);
        state.update(EventsAction::Step(3), &store);
        assert!(state.is_paused());
        assert_eq!(state.chosen_line(), Some(2));
        state.update(EventsAction::Choose(Some(8)), &store);
        assert_eq!((state.chosen_line(), state.chosen(0.0).map(|it| it.number)), (Some(1), Some(8)));
        state.update(EventsAction::Step(3), &store);
        assert_eq!(state.chosen_line(), Some(4));
        state.update(EventsAction::Step(isize::MAX), &store);
        assert_eq!((state.chosen_line(), state.chosen(0.0).map(|it| it.number)), (Some(9), Some(0)));
        state.update(EventsAction::Step(isize::MIN), &store);
        assert_eq!(state.chosen_line(), Some(0));
        state.update(EventsAction::Pause(false), &store);
        for seq in 2..20 {
            push(&mut store, seq, 500, 0);
            state.update(EventsAction::Look, &store);
        }
        assert_eq!((state.chosen_line(), state.chosen(0.0).map(|it| it.number)), (None, Some(9)));
        state.update(EventsAction::Choose(Some(9)), &store);
        assert!(state.chosen(0.0).is_none(), "it is gone");
    }

    #[test]
    fn another_runtime_and_another_moment_have_events_of_their_own() {
        let (mut store, mut state) = (Store::default(), EventsState::default());
        push(&mut store, 1, 10, 0);
        state.update(EventsAction::Text("a".to_owned()), &store);
        state.update(EventsAction::Choose(Some(8)), &store);
        let mut earlier = Store::default();
        push(&mut earlier, 1, 2, 0);
        state.another_store(&earlier);
        state.update(EventsAction::Look, &earlier);
        assert!(state.chosen(0.0).is_none() && !state.is_paused());
        assert!(state.filter().is_narrow(), "what is looked for stays");
        for paused in [false, true] {
            push(&mut store, 2, 10, 0);
            state.update(EventsAction::Pause(paused), &store);
            state.update(EventsAction::Look, &earlier);
            assert_eq!((numbers(&state), state.is_paused()), (vec![1, 0], false));
        }
    }
}
