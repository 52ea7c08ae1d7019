//! What JavaScript holds: a panel in an element of a shadow root.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};

use atelier_telemetry::frame::Frame;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, MediaQueryList};

use super::dom::{Listeners, Make, must};
use super::host::{Around, Host};
use super::panes::PANES;
use super::recordings::{Ask, FileAsk};
use super::schedule::Schedule;
use super::shell::Shell;
use super::style::Adopted;
use crate::model::{Link, LongTask, Notice, Recorder, ReplayAction, Settings, State, Store};

#[wasm_bindgen]
extern "C" {
    /// What JavaScript gives a new panel.
    pub type PanelOptions;
    /// Names of the runtimes, in the order of their numbers in `push`.
    #[wasm_bindgen(method, getter)]
    fn runtimes(this: &PanelOptions) -> js_sys::Array;
    /// The pane in front at first; the first one when there is none of that name.
    #[wasm_bindgen(method, getter)]
    fn tab(this: &PanelOptions) -> Option<String>;
    /// `system`, `light` or `dark`.
    #[wasm_bindgen(method, getter)]
    fn theme(this: &PanelOptions) -> Option<String>;
    /// The hotkey that opens and closes the panel; empty for none.
    #[wasm_bindgen(method, getter)]
    fn hotkey(this: &PanelOptions) -> Option<String>;
    /// Where the panel is.
    #[wasm_bindgen(method, getter)]
    fn dock(this: &PanelOptions) -> Option<String>;
    /// Where it can be; nowhere else when the page places it.
    #[wasm_bindgen(method, getter)]
    fn docks(this: &PanelOptions) -> Option<js_sys::Array>;
    /// Called with the name (`theme`, `dock`, `hotkey`, `tab`) and the value of a setting that the user chose.
    #[wasm_bindgen(method, getter, js_name = onSetting)]
    fn on_setting(this: &PanelOptions) -> Option<js_sys::Function>;
    /// Called with `true` when a pane wants the frames to carry events, and with `false` when none does any more.
    #[wasm_bindgen(method, getter, js_name = onEvents)]
    fn on_events(this: &PanelOptions) -> Option<js_sys::Function>;
    /// Called with a runtime's number and whether it is to be recorded from now on.
    #[wasm_bindgen(method, getter, js_name = onRecord)]
    fn on_record(this: &PanelOptions) -> Option<js_sys::Function>;
    /// Called with a list of files that the user chose to open.
    #[wasm_bindgen(method, getter, js_name = onFiles)]
    fn on_files(this: &PanelOptions) -> Option<js_sys::Function>;
    /// Called with what is to be done with a file (`save`, `perfetto`, `open`, `forget`) and the file's number.
    #[wasm_bindgen(method, getter, js_name = onFile)]
    fn on_file(this: &PanelOptions) -> Option<js_sys::Function>;
    /// Called when the user closes the panel; without it there is no button for that.
    #[wasm_bindgen(method, getter, js_name = onClose)]
    fn on_close(this: &PanelOptions) -> Option<js_sys::Function>;
    /// Called with the message of a panic, after which the panel must not be used.
    #[wasm_bindgen(method, getter, js_name = onPanic)]
    fn on_panic(this: &PanelOptions) -> Option<js_sys::Function>;
}

thread_local! {
    /// Whom to tell of a panic: every panel of this module, since they share its memory.
    static PANIC_LISTENERS: RefCell<Vec<js_sys::Function>> = const { RefCell::new(Vec::new()) };
}

/// Set by the first panic; what still calls in afterwards (timers, observers) is turned away.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// A panel, drawn into an element.
#[wasm_bindgen]
pub struct Panel {
    app: Rc<App>,
    on_panic: Option<js_sys::Function>,
}

struct App {
    state: RefCell<State>,
    shell: Shell,
    schedule: OnceCell<Rc<Schedule>>,
    settings: RefCell<Settings>,
    light_system: OnceCell<MediaQueryList>,
    listeners: RefCell<Listeners>,
    root: HtmlElement,
    on_setting: Option<js_sys::Function>,
    on_events: Option<js_sys::Function>,
    /// Whether the page was told that events are wanted.
    events_wanted: Cell<bool>,
    on_record: Option<js_sys::Function>,
    on_files: Option<js_sys::Function>,
    on_file: Option<js_sys::Function>,
    adopted: RefCell<Option<Adopted>>,
}

#[wasm_bindgen]
impl Panel {
    /// Draws a panel into `root`, an element within a shadow root, which adopts the panel's style sheet.
    ///
    /// # Errors
    /// When `root` is in no document with a window.
    #[wasm_bindgen(constructor)]
    pub fn new(root: HtmlElement, options: &PanelOptions) -> Result<Panel, JsError> {
        let document =
            root.owner_document().ok_or_else(|| JsError::new("the panel's element is in no document"))?;
        let window =
            document.default_view().ok_or_else(|| JsError::new("the panel's document has no window"))?;
        let texts = |list: js_sys::Array| list.iter().filter_map(|text| text.as_string()).collect::<Vec<_>>();
        let names = texts(options.runtimes());
        let docks = options.docks().map(texts).unwrap_or_default();
        let on_panic = options.on_panic();
        tell_of_panics(on_panic.clone());
        let app = Rc::new_cyclic(|weak: &Weak<App>| {
            let host = Host { make: Make::new(document), panel: Rc::new(Inside(weak.clone())) };
            let mut state = State::new(names, PANES.iter().map(|kind| kind.name).collect());
            state.tabs.choose_name(options.tab().as_deref().unwrap_or_default());
            App {
                on_setting: options.on_setting(),
                on_events: options.on_events(),
                events_wanted: Cell::new(false),
                on_record: options.on_record(),
                on_files: options.on_files(),
                on_file: options.on_file(),
                shell: Shell::new(&host, &docks, options.on_close()),
                state: RefCell::new(state),
                schedule: OnceCell::new(),
                settings: RefCell::default(),
                light_system: OnceCell::new(),
                listeners: RefCell::default(),
                adopted: RefCell::new(Some(Adopted::around(&root))),
                root,
            }
        });
        must(app.root.append_child(app.shell.element()));
        app.follow_system(&window);
        let given = [("theme", options.theme()), ("dock", options.dock()), ("hotkey", options.hotkey())];
        for (name, value) in given {
            app.settings.borrow_mut().set(name, &value.unwrap_or_default());
        }
        app.draw_settings();
        let weak = Rc::downgrade(&app);
        let draw = move || {
            if let Some(app) = living(&weak) {
                app.draw();
            }
        };
        let schedule = Schedule::new(window, app.shell.element(), draw);
        schedule.at_once();
        let _ = app.schedule.set(schedule);
        Ok(Panel { app, on_panic })
    }

    /// Shows these runtimes from now on. `before` has the number that each had until now, -1 for a new one; what is shown of
    /// a runtime that stays, stays.
    #[wasm_bindgen(js_name = setRuntimes)]
    pub fn set_runtimes(&self, names: &js_sys::Array, before: &[i32]) {
        let numbers =
            before.iter().map(|number| usize::try_from(*number).ok()).chain(std::iter::repeat(None));
        let runtimes = names.iter().map(|name| name.as_string().unwrap_or_default()).zip(numbers).collect();
        let another = self.app.state.borrow_mut().set_runtimes(runtimes);
        if another {
            self.app.shell.another_source(self.app.state.borrow().source());
        }
        self.app.draw_at_once();
    }

    /// Takes a frame of the runtime with this number. One that cannot be read is told in the panel.
    pub fn push(&self, runtime: usize, frame: JsValue) {
        let frame = serde_wasm_bindgen::from_value::<Frame>(frame).map_err(|error| error.to_string());
        if self.app.state.borrow_mut().take(runtime, frame)
            && let Some(schedule) = self.app.schedule.get()
        {
            schedule.soon();
        }
    }

    /// Takes a long task of the page's main thread: when it began, in milliseconds since the Unix epoch, and how long it
    /// took, in milliseconds.
    #[wasm_bindgen(js_name = pushLongTask)]
    pub fn push_long_task(&self, start: f64, duration_ms: f64) {
        self.app.state.borrow_mut().take_long_task(LongTask { start, duration_ms });
        if let Some(schedule) = self.app.schedule.get() {
            schedule.soon();
        }
    }

    /// Takes a setting that changed in the page: `theme`, `dock` or `hotkey`. Others are nothing to the panel.
    pub fn set(&self, name: &str, value: &str) {
        let changed = self.app.settings.borrow_mut().set(name, value);
        if changed {
            self.app.draw_settings();
        }
    }

    /// Takes what the page says of recording a runtime: an object with `is` (`idle`, `cannot`, `running`, `ending`).
    ///
    /// # Errors
    /// It is something else.
    #[wasm_bindgen(js_name = setRecorder)]
    pub fn set_recorder(&self, runtime: usize, state: JsValue) -> Result<(), JsError> {
        let recorder = serde_wasm_bindgen::from_value::<Recorder>(state)?;
        self.app.state.borrow_mut().set_recorder(runtime, recorder);
        self.app.draw_at_once();
        Ok(())
    }

    /// Offers a recording that was made: to be saved, or opened here. The page has the file under this number.
    pub fn recorded(&self, file: u32, text: String) {
        self.tell_notice(Notice::Recorded { file, text });
    }

    /// Tells a sentence that the user can dismiss.
    pub fn tell(&self, text: String) {
        self.tell_notice(Notice::Problem(text));
    }

    /// Opens a recording beside the runtimes and brings it to front. Says whether it could; if not, the panel says why.
    #[wasm_bindgen(js_name = openRecording)]
    pub fn open_recording(&self, file: u32, name: String, bytes: &[u8]) -> bool {
        let opened = self.app.state.borrow_mut().open_recording(file, name.clone(), bytes);
        match opened {
            Ok(()) => {
                self.app.shell.another_source(self.app.state.borrow().source());
                self.app.draw_at_once();
                true
            }
            Err(reason) => {
                self.tell(format!("{name} cannot be opened: {reason}."));
                false
            }
        }
    }

    /// Shows or hides that a file, which is held over the panel, can be dropped.
    #[wasm_bindgen(js_name = setDropping)]
    pub fn set_dropping(&self, dropping: bool) {
        self.app.shell.set_dropping(dropping);
    }

    fn tell_notice(&self, notice: Notice) {
        self.app.state.borrow_mut().notices.tell(notice);
        self.app.draw_at_once();
    }

    /// Takes the panel out of the page. It must not be used afterwards.
    pub fn dispose(&self) {
        if let Some(schedule) = self.app.schedule.get() {
            schedule.end();
        }
        *self.app.listeners.borrow_mut() = Listeners::default();
        self.app.adopted.borrow_mut().take();
        self.app.shell.element().remove();
        if let Some(ours) = &self.on_panic {
            PANIC_LISTENERS.with_borrow_mut(|listeners| listeners.retain(|listener| listener != ours));
        }
    }
}

impl App {
    /// Follows the system's colours.
    fn follow_system(self: &Rc<Self>, window: &web_sys::Window) {
        if let Some(query) = must(window.match_media("(prefers-color-scheme: light)")) {
            let weak = Rc::downgrade(self);
            self.listeners.borrow_mut().on(&query, "change", move |_: web_sys::Event| {
                if let Some(app) = living(&weak) {
                    app.draw_settings();
                }
            });
            let _ = self.light_system.set(query);
        }
    }

    /// Draws what is in front; while a recording plays, again and again.
    fn draw(&self) {
        let Some(schedule) = self.schedule.get() else { return };
        let plays = self.state.borrow_mut().advance(schedule.now());
        self.shell.draw(&self.state.borrow());
        self.ask_for_events();
        if plays {
            schedule.soon();
        }
    }

    fn draw_at_once(&self) {
        if let Some(schedule) = self.schedule.get() {
            schedule.at_once();
        }
    }

    fn now(&self) -> f64 {
        self.schedule.get().map_or(0.0, |schedule| schedule.now())
    }

    fn ask(&self, ask: Ask) {
        let call = |function: &Option<js_sys::Function>, what: &JsValue, more: &JsValue| {
            if let Some(function) = function {
                must(function.call2(&JsValue::UNDEFINED, what, more));
            }
        };
        let about = |ask: FileAsk, file: u32| call(&self.on_file, &ask.name().into(), &file.into());
        match ask {
            Ask::Record(on) => {
                let runtime = self.state.borrow().current();
                call(&self.on_record, &runtime.into(), &on.into());
            }
            Ask::Open(files) => call(&self.on_files, &files, &JsValue::UNDEFINED),
            Ask::File(ask, file) => about(ask, file),
            Ask::Dismiss(notice) => {
                let file = self.state.borrow_mut().notices.dismiss(notice);
                file.into_iter().for_each(|file| about(FileAsk::Forget, file));
            }
            Ask::CloseRecording => {
                let file = self.state.borrow_mut().close_recording();
                self.shell.another_source(self.state.borrow().source());
                file.into_iter().for_each(|file| about(FileAsk::Forget, file));
            }
        }
    }

    fn choose_tab(&self, place: usize) {
        self.state.borrow_mut().tabs.choose(place);
        let name = self.state.borrow().tabs.name().to_lowercase();
        self.tell_setting("tab", &name);
    }

    fn tell_setting(&self, name: &str, value: &str) {
        if let Some(on_setting) = &self.on_setting {
            must(on_setting.call2(&JsValue::UNDEFINED, &name.into(), &value.into()));
        }
    }

    /// Tells the page when events are wanted, or no longer.
    fn ask_for_events(&self) {
        let wanted = self.shell.wants_events(&self.state.borrow());
        if self.events_wanted.replace(wanted) != wanted
            && let Some(on_events) = &self.on_events
        {
            must(on_events.call1(&JsValue::UNDEFINED, &wanted.into()));
        }
    }

    fn draw_settings(&self) {
        let system_is_light = self.light_system.get().is_some_and(MediaQueryList::matches);
        self.shell.draw_settings(&self.settings.borrow(), system_is_light);
        if let Some(schedule) = self.schedule.get() {
            schedule.at_once();
        }
    }
}

/// The app, unless it is gone or nothing of this module is to be trusted any more.
fn living(app: &Weak<App>) -> Option<Rc<App>> {
    if PANICKED.load(Ordering::Relaxed) { None } else { app.upgrade() }
}

/// The panel as what is in it sees it.
struct Inside(Weak<App>);

impl Inside {
    /// Does something to the app and has it drawn.
    fn with_app(&self, act: impl FnOnce(&App)) {
        let Some(app) = living(&self.0) else { return };
        act(&app);
        if let Some(schedule) = app.schedule.get() {
            schedule.at_once();
        }
    }
}

impl Around for Inside {
    fn act(&self, act: &mut dyn FnMut(&Store)) {
        self.with_app(|app| act(&app.state.borrow().source().store));
    }

    fn open(&self, link: &Link) {
        self.with_app(|app| {
            let place = app.shell.open(link, app.state.borrow().source());
            if let Some(place) = place {
                app.choose_tab(place);
            }
        });
    }

    fn choose_tab(&self, place: usize) {
        self.with_app(|app| app.choose_tab(place));
    }

    fn choose_setting(&self, name: &str, value: &str) {
        // Without a page that gives it back, it holds at once.
        self.with_app(|app| {
            app.tell_setting(name, value);
            let changed = app.settings.borrow_mut().set(name, value);
            if changed {
                app.draw_settings();
            }
        });
    }

    fn replay(&self, action: ReplayAction) {
        self.with_app(|app| app.state.borrow_mut().replay(action, app.now()));
    }

    fn ask(&self, ask: Ask) {
        self.with_app(|app| app.ask(ask));
    }

    fn choose_runtime(&self, place: usize) {
        self.with_app(|app| {
            if app.state.borrow_mut().choose_runtime(place) {
                app.shell.another_source(app.state.borrow().source());
            }
        });
    }
}

/// Has every panel of this module told when one panics. The module's memory is not to be trusted after that.
fn tell_of_panics(listener: Option<js_sys::Function>) {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        std::panic::set_hook(Box::new(|info| {
            PANICKED.store(true, Ordering::Relaxed);
            let message = JsValue::from(info.to_string());
            // The hook must not panic itself: listeners that are being changed at this moment are not told.
            let told = PANIC_LISTENERS.try_with(|listeners| listeners.try_borrow().map(|list| list.clone()));
            for listener in told.into_iter().flatten().flatten() {
                let _ = listener.unchecked_ref::<js_sys::Function>().call1(&JsValue::UNDEFINED, &message);
            }
        }));
    });
    PANIC_LISTENERS.with_borrow_mut(|listeners| listeners.extend(listener));
}
