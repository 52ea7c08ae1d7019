//! The durable queue at work: what the pipeline wants stored, and what others left behind.
//!
//! Nothing waits for it. A storage that is missing, full, broken or slow costs what it would have kept, and no more.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;

use super::environment;
use super::fetch::AbortController;
use super::locks::{self, Held, LockManager, Mode};
use super::storage::{self, TakenOver};
use crate::durable::{Batch, BatchId, Found, Key, View, plan, stored_address};
use crate::pipeline::TakeOver;
use crate::signal::Signal;

/// The lock that says that an exporter lives is called so, and then its name.
const SIGN_OF_LIFE: &str = "atelier-otlp alive ";
/// Whoever changes the ownership of batches holds this one.
const TURN: &str = "atelier-otlp turn";

/// Where a signal is sent, as far as it matters for what is stored.
#[derive(Debug)]
pub(super) struct Address {
    url: String,
    content_type: &'static str,
}

impl Address {
    pub(super) fn new(url: &str, content_type: &'static str) -> Address {
        Address { url: stored_address(url), content_type }
    }
}

/// One exporter's part of the storage.
#[derive(Debug)]
pub(super) struct Vault {
    owner: String,
    addresses: BTreeMap<Signal, Address>,
    locks: Option<LockManager>,
    /// The sign of life: shown while something is stored.
    sign: RefCell<Option<Held>>,
    /// It was asked for and is not had yet.
    asked: Cell<bool>,
    /// Gives up what was asked for, if the page is put aside before it is had.
    give_up: RefCell<AbortController>,
    /// Where the batches are stored that are.
    kept: RefCell<HashMap<BatchId, Key>>,
    /// The page has been put aside: it may be taken for gone.
    suspended: Cell<bool>,
}

impl Vault {
    pub(super) fn new(addresses: BTreeMap<Signal, Address>) -> Rc<Vault> {
        // Told apart from every other one that may have something stored.
        let half = || (js_sys::Math::random() * f64::from(u32::MAX)) as u32;
        Rc::new(Vault {
            owner: format!("{:08x}{:08x}", half(), half()),
            addresses,
            locks: locks::manager(),
            sign: RefCell::default(),
            asked: Cell::default(),
            give_up: RefCell::new(AbortController::new()),
            kept: RefCell::default(),
            suspended: Cell::default(),
        })
    }

    /// Stores a batch, and tells how that went.
    pub(super) fn store(self: &Rc<Self>, batch: &Batch, done: impl FnOnce(Result<(), String>) + 'static) {
        let Some(address) = self.addresses.get(&batch.signal) else { return };
        let content_type = batch.content_type.as_deref().unwrap_or(address.content_type);
        let key = Key {
            made_ms: batch.made_ms,
            stored_ms: environment::clock_ms(),
            owner: self.owner.clone(),
            number: batch.id.number(),
            signal: batch.signal,
            items: batch.items,
            bytes: batch.body.len() as u64,
            content_type: content_type.to_owned(),
            address: address.url.clone(),
        };
        // Asked for before the batch is on its way: a while later whoever sees the batch sees the sign as well.
        self.show_sign();
        self.kept.borrow_mut().insert(batch.id, key.clone());
        let (vault, id, body) = (Rc::clone(self), batch.id, Rc::clone(&batch.body));
        spawn_local(async move {
            let stored = storage::with(async |storage| storage.put(&key, &body).await).await;
            if stored.is_err() {
                vault.kept.borrow_mut().remove(&id);
                vault.hide_sign_if_empty();
            }
            done(stored);
        });
    }

    /// Deletes what is stored of these.
    pub(super) fn forget(self: &Rc<Self>, ids: &[BatchId]) {
        let mut kept = self.kept.borrow_mut();
        let keys: Vec<Key> = ids.iter().filter_map(|id| kept.remove(id)).collect();
        drop(kept);
        if keys.is_empty() {
            return;
        }
        let vault = Rc::clone(self);
        spawn_local(async move {
            // What cannot be deleted may be sent twice; there is nothing to be done about it.
            let _ = storage::with(async |storage| storage.delete(&keys).await).await;
            vault.hide_sign_if_empty();
        });
    }

    /// Leaves everything that is stored to whoever comes.
    pub(super) fn abandon(&self) {
        self.kept.borrow_mut().clear();
        self.suspend();
    }

    /// Takes over what the dead left.
    pub(super) async fn take_over(self: &Rc<Self>, what: TakeOver) -> Result<Found, String> {
        let TakeOver { room_bytes, room_batches, signals, settings, numbers } = what;
        let turn = self.turn().await;
        self.sign().await;
        let asked_ms = environment::clock_ms();
        let living = match &self.locks {
            Some(locks) => locks::held(locks).await.map(|names| owners(&names)),
            None => None,
        };
        let addresses = signals.iter().filter_map(|signal| self.addresses.get(signal));
        let addresses: Vec<String> = addresses.map(|address| address.url.clone()).collect();
        if self.suspended.get() {
            return Ok(Found::default());
        }
        let taken = storage::with(async |storage| {
            let mut numbers = numbers.clone();
            let rename = |key: Key| Key {
                owner: self.owner.clone(),
                number: numbers.next().unwrap_or(numbers.end),
                stored_ms: environment::clock_ms(),
                ..key
            };
            let judge = |keys| {
                let view = View {
                    owner: &self.owner,
                    addresses: &addresses,
                    living: living.as_ref(),
                    asked_ms,
                    room_bytes,
                    room_batches,
                    settings,
                };
                plan(keys, &view)
            };
            storage.take_over(judge, rename).await
        })
        .await;
        drop(turn);
        let found = taken.map(|taken| self.found(taken));
        // Something that was settled meanwhile may have taken it away.
        if !self.kept.borrow().is_empty() {
            self.show_sign();
        }
        self.hide_sign_if_empty();
        found
    }

    fn found(&self, taken: TakenOver) -> Found {
        let mut kept = self.kept.borrow_mut();
        let batch = |(key, body): (Key, Vec<u8>)| {
            let configured = self.addresses.get(&key.signal).map(|address| address.content_type);
            let batch = Batch::adopted(&key, body, configured);
            kept.insert(batch.id, key);
            batch
        };
        let now_ms = environment::clock_ms();
        Found {
            batches: taken.adopted.into_iter().map(batch).collect(),
            discarded: taken.discarded.into_iter().map(|(key, why)| (key.signal, key.items, why)).collect(),
            broken: taken.broken,
            again_in_ms: taken.again_ms.map(|at| at.saturating_sub(now_ms)),
        }
    }

    /// Whether the page has been put aside and does not go on yet.
    pub(super) fn is_suspended(&self) -> bool {
        self.suspended.get()
    }

    /// The page is put aside (back/forward cache). A lock would keep it from being so, hence it cannot give a sign of
    /// life: what it has stored may be taken over.
    pub(super) fn suspend(&self) {
        self.suspended.set(true);
        self.give_up.replace(AbortController::new()).abort();
        let sign = self.sign.borrow_mut().take();
        drop(sign);
    }

    /// The page goes on: tells which batches were taken over meanwhile.
    pub(super) async fn resume(&self) -> Vec<BatchId> {
        self.suspended.set(false);
        let turn = self.turn().await;
        if !self.kept.borrow().is_empty() {
            self.sign().await;
        }
        let stored = storage::with(async |storage| storage.keys().await).await;
        drop(turn);
        let Ok(stored) = stored else { return Vec::new() };
        let stored: HashSet<String> = stored.into_iter().collect();
        let mut kept = self.kept.borrow_mut();
        let gone: Vec<BatchId> =
            kept.iter().filter(|(_, key)| !stored.contains(&key.to_string())).map(|(id, _)| *id).collect();
        for id in &gone {
            kept.remove(id);
        }
        gone
    }

    async fn turn(&self) -> Option<Held> {
        let asked = locks::hold(self.locks.as_ref()?, TURN, Mode::Exclusive, &self.give_up.borrow());
        asked.await
    }

    /// Waits until the sign of life is shown, where that is possible.
    async fn sign(&self) {
        let Some(locks) = &self.locks else { return };
        let is_shown = self.sign.borrow().is_some();
        if !is_shown {
            // Shared, since it may be on its way already.
            let asked = locks::hold(locks, &self.sign_name(), Mode::Shared, &self.give_up.borrow());
            let held = asked.await;
            self.keep_sign(held);
        }
    }

    fn show_sign(self: &Rc<Self>) {
        let Some(locks) = &self.locks else { return };
        if self.suspended.get() || self.asked.get() || self.sign.borrow().is_some() {
            return;
        }
        self.asked.set(true);
        let held = locks::hold(locks, &self.sign_name(), Mode::Shared, &self.give_up.borrow());
        let vault = Rc::clone(self);
        spawn_local(async move {
            let held = held.await;
            vault.asked.set(false);
            vault.keep_sign(held);
            vault.hide_sign_if_empty();
        });
    }

    fn keep_sign(&self, held: Option<Held>) {
        if !self.suspended.get() && held.is_some() {
            let before = self.sign.replace(held);
            drop(before);
        }
    }

    /// Locks keep a page from being frozen and put aside: one that has nothing stored needs none.
    fn hide_sign_if_empty(&self) {
        if self.kept.borrow().is_empty() {
            let sign = self.sign.borrow_mut().take();
            drop(sign);
        }
    }

    fn sign_name(&self) -> String {
        format!("{SIGN_OF_LIFE}{}", self.owner)
    }
}

fn owners(names: &HashSet<String>) -> HashSet<String> {
    names.iter().filter_map(|name| name.strip_prefix(SIGN_OF_LIFE)).map(str::to_owned).collect()
}
