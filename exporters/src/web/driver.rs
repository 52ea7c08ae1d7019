//! Does what the pipeline says, and tells it what happened.
//!
//! Nothing is called while the pipeline is borrowed but the pipeline itself, so that nothing that JavaScript does in
//! answer can meet it half way.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::rc::{Rc, Weak};

use atelier_telemetry::Telemetry;
use atelier_telemetry::frame::LedgerRow;
use futures_channel::oneshot;
use gloo_timers::callback::Timeout;
use js_sys::Function;

use super::environment;
use super::fetch::{self, Fetch, Out};
use super::gzip;
use super::idle::when_idle;
use super::listener::Listener;
use super::vault::{Address, Vault};
use crate::config::{Compression, Destination, OtlpConfig};
use crate::durable::{Batch, BatchId};
use crate::encode::OtlpEncoder;
use crate::error::ConfigError;
use crate::pipeline::{FlushId, Now, Output, Pipeline, Request, RequestId, Settings, TakeOver};
use crate::signal::Signal;
use crate::source::Source;
use crate::telemetry_source::TelemetrySource;

/// The longest body sent when the page may go, in bytes: what is left of the browser's limit is for the metrics.
const LEAVING_BODY_BYTES: usize = 40 * 1024;

type OtlpPipeline = Pipeline<TelemetrySource, OtlpEncoder>;

/// A pipeline at work in a page or a worker. Dropping it stops it.
pub(super) struct Driver {
    pipeline: RefCell<OtlpPipeline>,
    destinations: BTreeMap<Signal, Destination>,
    /// When the pipeline is to be woken, and the timer that does it.
    wake: RefCell<Option<(u64, Timeout)>>,
    fetch: Fetch,
    out: RefCell<HashMap<RequestId, Out>>,
    vault: Rc<Vault>,
    /// What is settled, to be deleted from the vault once the pipeline has said all.
    settled: RefCell<Vec<BatchId>>,
    waiting: RefCell<HashMap<FlushId, oneshot::Sender<()>>>,
    listeners: RefCell<Vec<Listener>>,
    /// The browser said that it is offline.
    offline: Cell<bool>,
    /// Idle time was asked for.
    idle: Cell<bool>,
    /// The page may be about to go.
    leaving: Cell<bool>,
}

impl Driver {
    pub(super) fn start(
        telemetry: &Telemetry,
        runtime: u64,
        consumer: &str,
        config: &OtlpConfig,
        fetch: Option<Function>,
    ) -> Result<Rc<Driver>, ConfigError> {
        config.validate()?;
        let source = TelemetrySource::new(telemetry, runtime, consumer, config);
        let destination = |signal| {
            let own = config.destination(signal);
            (signal, Destination { url: environment::absolute(own.url), ..own })
        };
        let destinations: BTreeMap<Signal, Destination> = Signal::ALL.into_iter().map(destination).collect();
        let encoder = OtlpEncoder::new(config, &environment::attributes()).sending_to(&destinations);
        let pipeline =
            Pipeline::new(source, encoder, Settings::from(config), js_sys::Math::random, environment::now());
        let addresses = destinations.iter().filter(|(signal, _)| config.signals.contains(signal));
        let addresses =
            addresses.map(|(signal, to)| (*signal, Address::new(&to.url, to.protocol.content_type())));
        let driver = Rc::new(Driver {
            pipeline: RefCell::new(pipeline),
            vault: Vault::new(addresses.collect()),
            settled: RefCell::default(),
            destinations,
            fetch: Fetch::new(fetch),
            wake: RefCell::default(),
            out: RefCell::default(),
            waiting: RefCell::default(),
            listeners: RefCell::default(),
            offline: Cell::new(false),
            idle: Cell::new(false),
            leaving: Cell::new(environment::is_hidden()),
        });
        driver.say_what_is_missing();
        driver.listen();
        match environment::is_offline() {
            true => driver.set_online(false),
            false => driver.perform(),
        }
        Ok(driver)
    }

    fn say_what_is_missing(&self) {
        let asked = self.destinations.values().any(|to| to.compression == Compression::Gzip);
        if asked && !gzip::is_there() {
            let said = "compression: this browser has no CompressionStream; requests are sent uncompressed";
            self.pipeline.borrow().source().set_last_error(said.to_owned());
        }
    }

    /// Hands the pipeline an input and does what it says.
    fn drive(self: &Rc<Self>, input: impl FnOnce(&mut OtlpPipeline, Now)) {
        // Where the pipeline is at work already it notices what is new by itself.
        if let Ok(mut pipeline) = self.pipeline.try_borrow_mut() {
            let now = environment::now();
            // Not every browser says so by an event.
            if self.offline.get() && !environment::is_offline() {
                self.offline.set(false);
                pipeline.handle_online(true, now);
            }
            input(&mut pipeline, now);
        }
        self.perform();
    }

    fn set_online(self: &Rc<Self>, is_online: bool) {
        self.offline.set(!is_online);
        self.drive(|pipeline, now| pipeline.handle_online(is_online, now));
    }

    /// Records may have come.
    pub(super) fn poke(self: &Rc<Self>) {
        if self.pipeline.try_borrow().is_ok_and(|pipeline| !pipeline.source().is_empty()) {
            self.drive(|pipeline, now| pipeline.handle_records(now));
        }
    }

    /// Begins a flush or a shutdown; what is returned resolves when it is over, well or with the driver.
    pub(super) fn wait_for(
        self: &Rc<Self>,
        command: impl FnOnce(&mut OtlpPipeline, Now) -> FlushId,
    ) -> oneshot::Receiver<()> {
        let (sender, receiver) = oneshot::channel();
        if let Ok(mut pipeline) = self.pipeline.try_borrow_mut() {
            let id = command(&mut pipeline, environment::now());
            self.waiting.borrow_mut().insert(id, sender);
        }
        self.perform();
        receiver
    }

    pub(super) fn ledger(&self) -> Vec<LedgerRow> {
        self.pipeline.try_borrow().map(|pipeline| pipeline.source().ledger()).unwrap_or_default()
    }

    fn perform(self: &Rc<Self>) {
        while let Some(output) = self.next_output() {
            match output {
                Output::Send(request) => self.send(&request),
                Output::EncodeWhenIdle => self.ask_for_idle_time(),
                Output::Abort(id) => self.forget_request(id),
                Output::Store(batch) => self.store(&batch),
                Output::Forget(id) => self.settled.borrow_mut().push(id),
                Output::TakeOver(what) => self.take_over(what),
                Output::Flushed(id) => {
                    let waiting = self.waiting.borrow_mut().remove(&id);
                    // Nobody may be waiting any more.
                    let _ = waiting.map(|sender| sender.send(()));
                }
            }
        }
        let settled = self.settled.take();
        self.vault.forget(&settled);
        if self.pipeline.try_borrow().is_ok_and(|pipeline| pipeline.is_stopped()) {
            self.vault.abandon();
        }
        self.set_timer();
    }

    fn next_output(&self) -> Option<Output> {
        self.pipeline.try_borrow_mut().ok()?.poll_output()
    }

    fn send(self: &Rc<Self>, request: &Request) {
        let Some(destination) = self.destinations.get(&request.signal) else { return };
        let (out, reply) = fetch::send(&self.fetch, destination, request, self.leaving.get());
        let id = request.id;
        self.out.borrow_mut().insert(id, out);
        let driver = Rc::downgrade(self);
        wasm_bindgen_futures::spawn_local(async move {
            let reply = reply.await;
            if let Some(driver) = driver.upgrade() {
                driver.forget_request(id);
                driver.drive(|pipeline, now| pipeline.handle_reply(id, reply, now));
            }
        });
    }

    fn store(self: &Rc<Self>, batch: &Batch) {
        let (driver, id) = (Rc::downgrade(self), batch.id);
        self.vault.store(batch, move |stored| {
            if let Some(driver) = driver.upgrade() {
                driver.drive(|pipeline, now| pipeline.handle_stored(id, stored, now));
            }
        });
    }

    fn take_over(self: &Rc<Self>, what: TakeOver) {
        let (driver, vault) = (Rc::downgrade(self), Rc::clone(&self.vault));
        wasm_bindgen_futures::spawn_local(async move {
            let found = vault.take_over(what).await;
            if let Some(driver) = driver.upgrade() {
                driver.drive(|pipeline, now| pipeline.handle_found(found, now));
            }
        });
    }

    /// A request is over: by itself, or given up.
    fn forget_request(&self, id: RequestId) {
        let out = self.out.borrow_mut().remove(&id);
        // Now that nothing is borrowed: this ends the request if it is still out.
        drop(out);
    }

    fn ask_for_idle_time(self: &Rc<Self>) {
        // One that was asked for before, and not given in time, still comes.
        if self.idle.replace(true) {
            return;
        }
        let driver = Rc::downgrade(self);
        when_idle(move || {
            let Some(driver) = driver.upgrade() else { return };
            driver.idle.set(false);
            driver.drive(|pipeline, now| pipeline.handle_idle(now));
        });
    }

    fn set_timer(self: &Rc<Self>) {
        let Ok(next) = self.pipeline.try_borrow().map(|pipeline| pipeline.next_wake()) else { return };
        let Ok(mut wake) = self.wake.try_borrow_mut() else { return };
        if wake.as_ref().map(|(at, _)| *at) == next {
            return;
        }
        *wake = next.map(|at| {
            // One more than the difference: the clock may be in the middle of a millisecond.
            let delay = at.saturating_sub(environment::now().monotonic_ms).saturating_add(1);
            let driver = Rc::downgrade(self);
            let timeout = Timeout::new(u32::try_from(delay).unwrap_or(u32::MAX), move || woken(&driver));
            (at, timeout)
        });
    }

    fn listen(self: &Rc<Self>) {
        let on = |target, kind, act: fn(&Rc<Driver>)| {
            let driver = Rc::downgrade(self);
            Listener::new(target, kind, move || {
                if let Some(driver) = driver.upgrade() {
                    act(&driver);
                }
            })
        };
        let scope = environment::scope();
        let mut listeners = vec![
            on(scope.clone(), "online", |driver| driver.set_online(true)),
            on(scope, "offline", |driver| driver.set_online(false)),
        ];
        if let Some((window, document)) = environment::window_and_document() {
            // Never `unload`: it keeps the page out of the back/forward cache.
            listeners.extend([
                on(document, "visibilitychange", |driver| match environment::is_hidden() {
                    true => driver.leave(),
                    false => driver.stay(),
                }),
                on(window.clone(), "pagehide", |driver| {
                    // First, so that no lock is asked for: a page that is put aside would have it for ever.
                    driver.vault.suspend();
                    driver.leave();
                    driver.drive(|pipeline, now| pipeline.handle_suspended(now));
                }),
                on(window, "pageshow", |driver| driver.resume()),
            ]);
        }
        *self.listeners.borrow_mut() = listeners;
    }

    fn stay(&self) {
        self.leaving.set(false);
        if let Ok(mut pipeline) = self.pipeline.try_borrow_mut() {
            pipeline.handle_staying();
        }
    }

    /// The page is shown: for the first time, or again.
    fn resume(self: &Rc<Self>) {
        if !environment::is_hidden() {
            self.stay();
        }
        if !self.vault.is_suspended() {
            return;
        }
        let (driver, vault) = (Rc::downgrade(self), Rc::clone(&self.vault));
        wasm_bindgen_futures::spawn_local(async move {
            let gone = vault.resume().await;
            if let Some(driver) = driver.upgrade() {
                driver.drive(|pipeline, now| pipeline.handle_resumed(&gone, now));
            }
        });
    }

    fn leave(self: &Rc<Self>) {
        // A page that goes says so twice: hidden, then gone.
        let is_new = !self.leaving.replace(true);
        gzip::hurry();
        self.drive(|pipeline, now| {
            if is_new {
                pipeline.source().leaving(now.unix_nano);
            }
            pipeline.handle_leaving(LEAVING_BODY_BYTES, now);
        });
    }
}

fn woken(driver: &Weak<Driver>) {
    let Some(driver) = driver.upgrade() else { return };
    // This timer has fired: the next one is a new one, even for the same moment.
    let fired = driver.wake.borrow_mut().take();
    drop(fired);
    driver.drive(|pipeline, now| pipeline.handle_wake(now));
}

impl Drop for Driver {
    fn drop(&mut self) {
        let pipeline = self.pipeline.get_mut();
        pipeline.stop();
        let mut settled = self.settled.take();
        while let Some(output) = pipeline.poll_output() {
            match output {
                Output::Abort(id) => drop(self.out.get_mut().remove(&id)),
                Output::Forget(id) => settled.push(id),
                _ => {}
            }
        }
        self.vault.forget(&settled);
        self.vault.abandon();
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Driver").field("destinations", &self.destinations).finish_non_exhaustive()
    }
}
