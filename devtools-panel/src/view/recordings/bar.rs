//! The bar of a recording: which moment is shown, and what can be done with the file.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Event, HtmlElement, HtmlInputElement, HtmlSelectElement};

use super::{Ask, FileAsk};
use crate::model::{Origin, ReplayAction, SPEEDS, State, clock_time, count};
use crate::view::dom::{Listeners, Live, Make, Told, must};
use crate::view::host::{Around, Host};

/// The bar; seen while a recording is in front.
pub(crate) struct ReplayBar {
    bar: Live,
    play: Live,
    speed: HtmlSelectElement,
    moments: Live,
    text: Live,
    notes: Live,
    _listeners: Listeners,
}

impl ReplayBar {
    pub(crate) fn new(host: &Host) -> ReplayBar {
        let (make, mut listeners) = (&host.make, Listeners::default());
        let play = make.button("icon play", "▶", "Play");
        let (panel, pressed) = (host.panel.clone(), play.clone());
        listeners.on(&play, "click", move |_: Event| {
            let plays = pressed.get_attribute("data-plays").as_deref() == Some("true");
            panel.replay(ReplayAction::Play(!plays));
        });
        let speed = speed_choice(host, &mut listeners);
        let moments = make
            .element("input", "moments")
            .attr("type", "range")
            .attr("min", "0")
            .attr("step", "1")
            .attr("aria-label", "Moment of the recording");
        let (panel, chosen) = (host.panel.clone(), moments.clone().unchecked_into::<HtmlInputElement>());
        listeners.on(&moments, "input", move |_: Event| {
            panel.replay(ReplayAction::Seek(chosen.value_as_number() as usize));
        });
        let text = make.element("output", "moment");
        let mut asks = |class: &str, text: &str, label: &str, ask: FileAsk| {
            let button = make.button(class, text, label);
            on_file(&button, &host.panel, ask, &mut listeners);
            button
        };
        let save = asks("toggle", "Save", "Save the recording’s file", FileAsk::Save);
        let perfetto = asks(
            "toggle",
            "Save as Perfetto",
            "Save as Perfetto: a trace for ui.perfetto.dev",
            FileAsk::Perfetto,
        );
        let close = make.button("icon", "✕", "Close the recording");
        let panel = host.panel.clone();
        listeners.on(&close, "click", move |_: Event| panel.ask(Ask::CloseRecording));
        let notes = make.element("p", "replay-notes");
        let files = make.element("span", "replay-files").with([&save, &perfetto, &close]);
        let bar = make.element("div", "replay").attr("role", "group").attr("aria-label", "Recording").with([
            &play,
            speed.unchecked_ref(),
            &moments,
            &text,
            &files,
            &notes,
        ]);
        ReplayBar {
            bar: Live::new(bar),
            play: Live::new(play),
            speed,
            moments: Live::new(moments),
            text: Live::new(text),
            notes: Live::new(notes),
            _listeners: listeners,
        }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.bar.element
    }

    pub(crate) fn draw(&self, state: &State) {
        let Origin::Recording { replay, file } = &state.source().origin else {
            self.bar.show(false);
            return;
        };
        self.bar.show(true);
        self.bar.attr("data-file", &file.to_string());
        self.bar.attr("data-at", &replay.at().to_string());
        self.bar.attr("data-moment", &replay.moment().to_string());
        let plays = replay.plays();
        self.play.attr("data-plays", if plays { "true" } else { "false" });
        self.play.text(if plays { "❚❚" } else { "▶" });
        let label = if plays { "Stop playing" } else { "Play" };
        self.play.attr("aria-label", label);
        self.play.attr("title", label);
        self.speed.set_value(&replay.speed().to_string());
        self.moments.attr("max", &(replay.len() - 1).to_string());
        let input: &HtmlInputElement = self.moments.element.unchecked_ref();
        input.set_value_as_number(replay.at() as f64);
        let zone = -js_sys::Date::new_0().get_timezone_offset();
        let moment = format!("{} · {}", clock_time(replay.moment(), zone), replay.position());
        self.moments.attr("aria-valuetext", &moment);
        let (place, places) = (count(replay.at() as u64 + 1), count(replay.len() as u64));
        self.text.text(&format!("{moment} · {place}/{places}"));
        self.notes.show(!replay.notes().is_empty());
        self.notes.text(&replay.notes().join(" "));
    }
}

/// Asks for something with the file of the recording in front.
fn on_file(button: &HtmlElement, panel: &Rc<dyn Around>, ask: FileAsk, listeners: &mut Listeners) {
    let (panel, pressed) = (panel.clone(), button.clone());
    listeners.on(button, "click", move |_: Event| {
        let bar = must(pressed.closest(".replay"));
        let file = bar.and_then(|bar| bar.get_attribute("data-file")?.parse().ok());
        if let Some(file) = file {
            panel.ask(Ask::File(ask, file));
        }
    });
}

fn speed_choice(host: &Host, listeners: &mut Listeners) -> HtmlSelectElement {
    let make: &Make = &host.make;
    let select = make.element("select", "speed").attr("aria-label", "Speed");
    for speed in SPEEDS {
        let option = make.text("option", "", &format!("{speed}×")).attr("value", &speed.to_string());
        must(select.append_child(&option));
    }
    let select = select.unchecked_into::<HtmlSelectElement>();
    let (panel, chosen) = (host.panel.clone(), select.clone());
    listeners.on(&select, "change", move |_: Event| {
        if let Ok(speed) = chosen.value().parse() {
            panel.replay(ReplayAction::Speed(speed));
        }
    });
    select
}
