//! A recording for `npm/record.js`, which compresses its pieces and keeps them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use atelier_exporters::recording::{Moment, Recorder};
use atelier_runtime::core::Instant;
use atelier_telemetry::recording::{Coding, Header};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::page::Page;
use crate::telemetry::{free_name, telemetry};

/// The consumer's name in the ledger, as long as there is only one.
const NAME: &str = "recording";
/// From so many waiting records on, the page is told that it is much.
const MUCH: usize = 8_192;
/// From so many on, some are written at once: the page has no turn to spare, and they would be lost.
const TOO_MUCH: usize = 65_536;
/// A page's address or a browser's name is not longer, or cut.
const MAX_LABEL_CHARS: usize = 2_000;

/// How much there is to do, as the page was told.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Nothing,
    Something,
    Much,
}

/// A running recording.
#[wasm_bindgen]
pub struct RecordingHandle {
    page: Rc<Page>,
    recorder: Rc<RefCell<Recorder>>,
    told: Rc<Cell<Due>>,
    poke: u32,
    ends_segment: bool,
    more: bool,
}

impl RecordingHandle {
    pub(crate) fn start(
        page: &Rc<Page>,
        max_bytes: f64,
        address: &str,
        user_agent: &str,
        due: Function,
    ) -> RecordingHandle {
        let clock = page.runtime.clock();
        let label = |text: &str| text.chars().take(MAX_LABEL_CHARS).collect();
        let header = Header {
            started_unix_nano: clock.unix_nanos(clock.now()),
            time_origin_unix_nano: clock.unix_nanos(Instant::from_nanos(0)),
            page: label(address),
            user_agent: label(user_agent),
            generator: concat!("atelier ", env!("CARGO_PKG_VERSION")).to_owned(),
            ..Header::default()
        };
        page.demand(1);
        let name = free_name(page.runtime.id(), NAME);
        let recorder = Recorder::start(&telemetry(), page.runtime.id(), &name, max_bytes as u64, header);
        let recorder = Rc::new(RefCell::new(recorder));
        let told = Rc::new(Cell::new(Due::Nothing));
        let poke = page.pokes.add({
            let (recorder, told) = (recorder.clone(), told.clone());
            move || poked(&mut recorder.borrow_mut(), &told, &due)
        });
        RecordingHandle { page: page.clone(), recorder, told, poke, ends_segment: false, more: false }
    }

    fn moment(&self) -> Moment {
        let clock = self.page.runtime.clock();
        Moment { unix_ms: clock.unix_millis(clock.now()), tasks: self.page.task_frames() }
    }
}

fn poked(recorder: &mut Recorder, told: &Cell<Due>, due: &Function) {
    let waiting = recorder.waiting();
    if waiting >= TOO_MUCH {
        recorder.write();
    }
    let now = if waiting >= MUCH { Due::Much } else { Due::Something };
    if now > told.get() {
        told.set(now);
        // It only sets a timer.
        let _ = due.call1(&JsValue::UNDEFINED, &JsValue::from(now as u8));
    }
}

#[wasm_bindgen]
impl RecordingHandle {
    /// What the file begins with.
    pub fn head(&self) -> Vec<u8> {
        self.recorder.borrow().head().to_vec()
    }

    /// How long the file is so far, in bytes.
    #[wasm_bindgen(getter)]
    pub fn bytes(&self) -> f64 {
        self.recorder.borrow().bytes() as f64
    }

    /// How many facts are in it.
    #[wasm_bindgen(getter)]
    pub fn facts(&self) -> f64 {
        self.recorder.borrow().facts() as f64
    }

    /// How many facts were lost.
    #[wasm_bindgen(getter)]
    pub fn dropped(&self) -> f64 {
        self.recorder.borrow().dropped() as f64
    }

    /// Whether the last step ended a segment.
    #[wasm_bindgen(getter)]
    pub fn ends_segment(&self) -> bool {
        self.ends_segment
    }

    /// Whether the last step left records waiting.
    #[wasm_bindgen(getter)]
    pub fn more(&self) -> bool {
        self.more
    }

    /// Whether something came since the last step.
    #[wasm_bindgen(getter)]
    pub fn is_due(&self) -> bool {
        self.told.get() != Due::Nothing
    }

    /// Writes a frame.
    pub fn frame(&self) {
        let now = self.moment();
        self.recorder.borrow_mut().frame(now);
    }

    /// Writes some of the records that wait, and gives the segment's next bytes.
    pub fn step(&mut self) -> Vec<u8> {
        self.told.set(Due::Nothing);
        let piece = self.recorder.borrow_mut().step(|| self.moment());
        self.ends_segment = piece.ends_segment;
        self.more = piece.more;
        piece.bytes
    }

    /// The segment that the last step ended is stored in so many bytes, compressed or not. Gives the head that stands
    /// before it, and how many of the oldest segments have to go.
    pub fn segment_stored(&self, stored: u32, compressed: bool) -> Array {
        let coding = if compressed { Coding::Zlib } else { Coding::Plain };
        let (head, gone) = self.recorder.borrow_mut().segment_stored(coding, stored);
        Array::of2(&js_sys::Uint8Array::from(&head[..]), &JsValue::from(gone as u32))
    }

    /// Takes nothing new from now on.
    pub fn end(&self) {
        self.page.pokes.remove(self.poke);
        self.recorder.borrow_mut().end();
    }

    /// What the file ends with.
    pub fn finish(&self) -> Vec<u8> {
        let clock = self.page.runtime.clock();
        self.recorder.borrow_mut().finish(clock.unix_nanos(clock.now()))
    }
}

impl Drop for RecordingHandle {
    fn drop(&mut self) {
        self.page.pokes.remove(self.poke);
        self.page.demand(-1);
    }
}
