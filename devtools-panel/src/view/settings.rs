//! What is at the right of the tabs: where the panel is, and a small dialog with the theme, the place and the hotkey.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use wasm_bindgen::JsCast;
use web_sys::{Event, FocusEvent, HtmlElement, HtmlInputElement, KeyboardEvent, Node};

use super::dom::{Listeners, Live, Make, Told, must};
use super::host::{Around, Host};
use crate::model::{Heard, Press, Settings, Theme, dock_label, hear};

/// The dialog and the buttons beside it.
pub(crate) struct SettingsView {
    docks: Vec<(String, Live)>,
    themes: Vec<(Theme, HtmlInputElement)>,
    places: Vec<(String, HtmlInputElement)>,
    hotkey: Rc<HotkeyButton>,
    element: HtmlElement,
    _listeners: Listeners,
}

/// The button that shows the hotkey and, once pressed, waits for another one.
struct HotkeyButton {
    button: Live,
    hint: Live,
    waits: Cell<bool>,
    shown: RefCell<String>,
}

impl SettingsView {
    /// `docks` are the places the panel can be in; none when the page places it.
    pub(crate) fn new(host: &Host, docks: &[String]) -> SettingsView {
        let (make, panel) = (&host.make, &host.panel);
        let mut listeners = Listeners::default();
        let element = make.element("div", "settings");
        let switcher =
            make.element("div", "docks").attr("role", "group").attr("aria-label", "Place of the panel");
        let dock_buttons: Vec<_> = docks
            .iter()
            .map(|dock| {
                let label = format!("Dock: {}", dock_label(dock));
                let button = make.button("icon", "", &label).with([&dock_icon(make, dock)]);
                choose_on(&button, "click", panel, "dock", dock, &mut listeners);
                must(switcher.append_child(&button));
                (dock.clone(), Live::new(button))
            })
            .collect();
        switcher.set_hidden(docks.is_empty());
        let open = make
            .button("icon", "⚙", "Settings")
            .attr("aria-haspopup", "dialog")
            .attr("aria-expanded", "false");
        let dialog =
            make.element("div", "dialog").attr("role", "dialog").attr("aria-label", "Settings of the panel");
        dialog.set_hidden(true);
        let themes = Theme::ALL
            .into_iter()
            .map(|theme| (theme, (theme.name().to_owned(), make.text("span", "", theme.label()))))
            .collect::<Vec<_>>();
        let themes = {
            let (keys, choices): (Vec<_>, Vec<_>) = themes.into_iter().unzip();
            let inputs = choice(make, panel, &dialog, ("Theme", "theme"), choices, &mut listeners);
            keys.into_iter().zip(inputs).collect()
        };
        let places = if docks.is_empty() {
            Vec::new()
        } else {
            let label = |dock: &String| {
                let text = make.text("span", "", dock_label(dock));
                (dock.clone(), make.element("span", "").with([&dock_icon(make, dock), &text]))
            };
            let choices = docks.iter().map(label).collect();
            let inputs = choice(make, panel, &dialog, ("Place", "dock"), choices, &mut listeners);
            docks.iter().cloned().zip(inputs).collect()
        };
        let hotkey = hotkey_button(make, panel, &dialog, &mut listeners);
        let element = element.with([&switcher, &open, &dialog]);
        opens_and_closes(&element, &open, &dialog, &mut listeners);
        SettingsView { docks: dock_buttons, themes, places, hotkey, element, _listeners: listeners }
    }

    pub(crate) fn element(&self) -> &HtmlElement {
        &self.element
    }

    pub(crate) fn draw(&self, settings: &Settings) {
        for (dock, button) in &self.docks {
            button.attr("aria-pressed", if *dock == settings.dock { "true" } else { "false" });
        }
        for (theme, input) in &self.themes {
            input.set_checked(*theme == settings.theme);
        }
        for (dock, input) in &self.places {
            input.set_checked(*dock == settings.dock);
        }
        settings.hotkey.clone_into(&mut self.hotkey.shown.borrow_mut());
        self.hotkey.draw();
    }
}

impl HotkeyButton {
    fn draw(&self) {
        let shown = self.shown.borrow();
        let text = match (self.waits.get(), shown.is_empty()) {
            (true, _) => "Press the keys…",
            (false, true) => "None",
            (false, false) => shown.as_str(),
        };
        self.button.text(text);
        self.button.attr("aria-label", &format!("Hotkey: {text}"));
        self.button.attr("aria-pressed", if self.waits.get() { "true" } else { "false" });
    }

    fn wait(&self, waits: bool, hint: &str) {
        self.waits.set(waits);
        self.hint.text(hint);
        self.draw();
    }
}

/// A group of radio buttons.
fn choice(
    make: &Make,
    panel: &Rc<dyn Around>,
    dialog: &HtmlElement,
    (title, setting): (&str, &'static str),
    choices: Vec<(String, HtmlElement)>,
    listeners: &mut Listeners,
) -> Vec<HtmlInputElement> {
    let group = make.element("fieldset", "").with([&make.text("legend", "", title)]);
    must(dialog.append_child(&group));
    let one = |(value, text): (String, HtmlElement)| {
        let input =
            make.element("input", "").attr("type", "radio").attr("name", setting).attr("value", &value);
        choose_on(&input, "change", panel, setting, &value, listeners);
        must(group.append_child(&make.element("label", "").with([&input, &text])));
        input.unchecked_into()
    };
    choices.into_iter().map(one).collect()
}

fn choose_on(
    element: &HtmlElement,
    event: &'static str,
    panel: &Rc<dyn Around>,
    setting: &'static str,
    value: &str,
    listeners: &mut Listeners,
) {
    let (panel, value) = (panel.clone(), value.to_owned());
    listeners.on(element, event, move |_: Event| panel.choose_setting(setting, &value));
}

fn hotkey_button(
    make: &Make,
    panel: &Rc<dyn Around>,
    dialog: &HtmlElement,
    listeners: &mut Listeners,
) -> Rc<HotkeyButton> {
    let button = make.element("button", "toggle").attr("type", "button");
    let hint = make.element("p", "hint").attr("role", "status");
    let group = make.element("fieldset", "").with([&make.text("legend", "", "Hotkey"), &button, &hint]);
    must(dialog.append_child(&group));
    let shown = Rc::new(HotkeyButton {
        button: Live::new(button.clone()),
        hint: Live::new(hint),
        waits: Cell::new(false),
        shown: RefCell::default(),
    });
    let asked = shown.clone();
    listeners.on(&button, "click", move |_: Event| {
        asked.wait(true, "Escape leaves it as it is, Backspace takes it away.");
    });
    let left = shown.clone();
    listeners.on(&button, "blur", move |_: Event| left.wait(false, ""));
    let (heard, panel) = (shown.clone(), panel.clone());
    listeners.on(&button, "keydown", move |event: KeyboardEvent| {
        if !heard.waits.get() {
            return;
        }
        let press = Press {
            key: event.key(),
            code: event.code(),
            ctrl: event.ctrl_key(),
            alt: event.alt_key(),
            shift: event.shift_key(),
            meta: event.meta_key(),
        };
        // The old hotkey must not close the panel while another one is chosen, nor Escape the dialog.
        event.stop_propagation();
        event.prevent_default();
        match hear(&press) {
            Heard::More => {}
            Heard::Canceled => heard.wait(false, ""),
            Heard::Refused(why) => heard.wait(true, why),
            Heard::Chosen(hotkey) => {
                heard.wait(false, "");
                panel.choose_setting("hotkey", &hotkey);
            }
        }
    });
    shown
}

/// The dialog opens by its button and closes by it, by Escape, and when the keyboard or the pointer goes elsewhere.
fn opens_and_closes(
    around: &HtmlElement,
    open: &HtmlElement,
    dialog: &HtmlElement,
    listeners: &mut Listeners,
) {
    let show = {
        let (open, dialog) = (open.clone(), dialog.clone());
        Rc::new(move |shown: bool| {
            dialog.set_hidden(!shown);
            must(open.set_attribute("aria-expanded", if shown { "true" } else { "false" }));
        })
    };
    let (shown, pressed) = (show.clone(), dialog.clone());
    listeners.on(open, "click", move |_: Event| {
        shown(pressed.hidden());
        if let (false, Some(first)) = (pressed.hidden(), must(pressed.query_selector("input:checked"))) {
            must(first.unchecked_into::<HtmlElement>().focus());
        }
    });
    let (hide, button, escaped) = (show.clone(), open.clone(), dialog.clone());
    listeners.on(around, "keydown", move |event: KeyboardEvent| {
        if event.key() == "Escape" && !escaped.hidden() {
            event.stop_propagation();
            hide(false);
            must(button.focus());
        }
    });
    let within = around.clone();
    listeners.on(around, "focusout", move |event: FocusEvent| {
        let to = event.related_target().map(JsCast::unchecked_into::<Node>);
        if to.is_none_or(|to| !within.contains(Some(&to))) {
            show(false);
        }
    });
}

/// A picture of the page with the panel in its place.
fn dock_icon(make: &Make, dock: &str) -> HtmlElement {
    make.element("i", "dock-icon").attr("data-dock", dock).attr("aria-hidden", "true")
}
