//! Web Locks: an exporter's sign of life, and taking turns with other tabs.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Array, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::environment;
use super::fetch::AbortController;

#[wasm_bindgen]
extern "C" {
    #[derive(Clone, Debug)]
    pub(super) type LockManager;
    #[wasm_bindgen(method, catch)]
    fn request(
        this: &LockManager,
        name: &str,
        options: &JsValue,
        callback: &JsValue,
    ) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn query(this: &LockManager) -> Result<Promise, JsValue>;
}

/// The page's lock manager; none in an insecure context or an old browser.
pub(super) fn manager() -> Option<LockManager> {
    Some(environment::global(&["navigator", "locks"])?.unchecked_into())
}

/// A lock that is held. Dropping it lets go of it; the browser does when the page is gone.
#[derive(Debug)]
#[must_use]
pub(super) struct Held {
    let_go: Function,
}

impl Drop for Held {
    fn drop(&mut self) {
        // Resolving a promise cannot fail.
        let _ = self.let_go.call0(&JsValue::UNDEFINED);
    }
}

/// How a lock is held.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mode {
    /// By one at a time.
    Exclusive,
    /// By as many as like, but not while somebody has it alone.
    Shared,
}

/// Asks for a lock; the request has left when this returns. Resolves when it is held, or cannot be. One that is not
/// waited for any more is let go as soon as it is had; one that is given up is not asked for any more.
pub(super) fn hold(
    locks: &LockManager,
    name: &str,
    mode: Mode,
    give_up: &AbortController,
) -> impl Future<Output = Option<Held>> + use<> {
    let (sender, receiver) = oneshot::channel();
    let slot = Rc::new(RefCell::new(None));
    let inner = Rc::clone(&slot);
    // The lock is held until this promise resolves.
    let until = Promise::new(&mut |resolve, _| *inner.borrow_mut() = Some(Held { let_go: resolve }));
    let callback = Closure::once(move |_: JsValue| {
        if let Some(held) = slot.borrow_mut().take() {
            // Whoever waited may be gone: then it is let go right here.
            let _ = sender.send(held);
        }
        until
    });
    let options = Object::new();
    let mode = match mode {
        Mode::Exclusive => "exclusive",
        Mode::Shared => "shared",
    };
    // Setting a property of a new object cannot fail.
    let _ = Reflect::set(&options, &"mode".into(), &mode.into());
    let _ = Reflect::set(&options, &"signal".into(), &give_up.signal());
    match locks.request(name, &options, callback.as_ref()) {
        Ok(over) => spawn_local(async move {
            // Refused to a page that is going: then nothing is sent, and the receiver hears that.
            let _ = JsFuture::from(over).await;
            drop(callback);
        }),
        Err(_) => drop(callback),
    }
    async move { receiver.await.ok() }
}

/// The names of all locks of this origin that are held.
pub(super) async fn held(locks: &LockManager) -> Option<HashSet<String>> {
    let state = JsFuture::from(locks.query().ok()?).await.ok()?;
    let held = Reflect::get(&state, &"held".into()).ok()?.dyn_into::<Array>().ok()?;
    Some(held.iter().filter_map(|lock| Reflect::get(&lock, &"name".into()).ok()?.as_string()).collect())
}
