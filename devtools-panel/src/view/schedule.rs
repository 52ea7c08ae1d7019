//! When to draw: in an animation frame, at a bounded rate, and not at all while nothing can be seen.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::{Rc, Weak};

use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, Window};

use super::dom::must;

/// The least time between two drawings that frames ask for, in milliseconds: frames that come faster are drawn
/// together. What a user does is drawn with the next animation frame.
const DEFAULT_DRAW_INTERVAL_MS: f64 = 100.0;

/// Calls `draw` when something asked for it.
pub(crate) struct Schedule {
    window: Window,
    draw: Box<dyn Fn()>,
    state: Cell<Waiting>,
    seen: Cell<bool>,
    missed: Cell<bool>,
    last: Cell<f64>,
    handle: Cell<i32>,
    frame: OnceCell<Closure<dyn FnMut()>>,
    timer: OnceCell<Closure<dyn FnMut()>>,
    observer: RefCell<Option<Observer>>,
}

/// What says whether the panel is on the screen, and what it calls.
type Observer = (IntersectionObserver, Closure<dyn FnMut(js_sys::Array)>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Waiting {
    Nothing,
    Timer,
    Frame,
    Over,
}

impl Schedule {
    /// A schedule that draws what is in `element`, while it is on the screen.
    pub(crate) fn new(window: Window, element: &Element, draw: impl Fn() + 'static) -> Rc<Schedule> {
        let schedule = Rc::new(Schedule {
            window,
            draw: Box::new(draw),
            state: Cell::new(Waiting::Nothing),
            seen: Cell::new(true),
            missed: Cell::new(false),
            last: Cell::new(f64::NEG_INFINITY),
            handle: Cell::new(0),
            frame: OnceCell::new(),
            timer: OnceCell::new(),
            observer: RefCell::default(),
        });
        let later = |act: fn(&Schedule)| {
            let weak = Rc::downgrade(&schedule);
            Closure::<dyn FnMut()>::new(move || {
                if let Some(schedule) = weak.upgrade() {
                    act(&schedule);
                }
            })
        };
        let _ = schedule.frame.set(later(Schedule::draw_now));
        let _ = schedule.timer.set(later(Schedule::ask_frame));
        schedule.observe(element);
        schedule
    }

    /// A frame came: draw soon.
    pub(crate) fn soon(&self) {
        if self.state.get() != Waiting::Nothing {
            return;
        }
        let wait = self.last.get() + DEFAULT_DRAW_INTERVAL_MS - self.now();
        if wait <= 0.0 || !self.seen.get() {
            self.ask_frame();
        } else if let Some(timer) = self.timer.get() {
            self.state.set(Waiting::Timer);
            let callback = timer.as_ref().unchecked_ref();
            self.handle.set(must(
                self.window
                    .set_timeout_with_callback_and_timeout_and_arguments_0(callback, wait.ceil() as i32),
            ));
        }
    }

    /// A user did something: draw with the next animation frame.
    pub(crate) fn at_once(&self) {
        match self.state.get() {
            Waiting::Nothing => self.ask_frame(),
            Waiting::Timer => {
                self.window.clear_timeout_with_handle(self.handle.get());
                self.ask_frame();
            }
            Waiting::Frame | Waiting::Over => {}
        }
    }

    /// Never draws again.
    pub(crate) fn end(&self) {
        match self.state.replace(Waiting::Over) {
            Waiting::Timer => self.window.clear_timeout_with_handle(self.handle.get()),
            Waiting::Frame => {
                let _ = self.window.cancel_animation_frame(self.handle.get());
            }
            Waiting::Nothing | Waiting::Over => {}
        }
        if let Some((observer, _)) = self.observer.borrow().as_ref() {
            observer.disconnect();
        }
    }

    fn ask_frame(&self) {
        if self.state.get() == Waiting::Over {
            return;
        }
        if !self.seen.get() {
            self.missed.set(true);
            self.state.set(Waiting::Nothing);
        } else if let Some(frame) = self.frame.get() {
            self.state.set(Waiting::Frame);
            self.handle.set(must(self.window.request_animation_frame(frame.as_ref().unchecked_ref())));
        }
    }

    fn draw_now(&self) {
        if self.state.get() != Waiting::Over {
            self.state.set(Waiting::Nothing);
            self.last.set(self.now());
            (self.draw)();
        }
    }

    fn observe(self: &Rc<Self>, element: &Element) {
        let weak: Weak<Schedule> = Rc::downgrade(self);
        let closure = Closure::<dyn FnMut(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let Some(schedule) = weak.upgrade() else { return };
            let last: IntersectionObserverEntry =
                entries.get(entries.length().saturating_sub(1)).unchecked_into();
            schedule.seen.set(last.is_intersecting());
            if last.is_intersecting() && schedule.missed.replace(false) {
                schedule.at_once();
            }
        });
        let observer = must(IntersectionObserver::new(closure.as_ref().unchecked_ref()));
        observer.observe(element);
        *self.observer.borrow_mut() = Some((observer, closure));
    }

    /// A clock in milliseconds that never goes back.
    pub(crate) fn now(&self) -> f64 {
        self.window.performance().map_or(0.0, |performance| performance.now())
    }
}
