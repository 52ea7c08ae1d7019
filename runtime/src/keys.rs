//! Cancellation keys: the strings that users give, and the core's handles for them.

use std::rc::Rc;

use atelier_core::KeyId;
use rustc_hash::FxHashMap;
use wasm_bindgen::JsValue;

/// Keys that are aborted or in use; others take no memory.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    by_name: FxHashMap<Rc<str>, KeyId>,
    names: FxHashMap<KeyId, Rc<str>>,
    /// Why keys were aborted, where somebody said so; until they are cleared.
    reasons: FxHashMap<Rc<str>, JsValue>,
}

impl Keys {
    pub(crate) fn get(&self, name: &str) -> Option<KeyId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn get_or_mint(&mut self, name: &str, mint: impl FnOnce() -> KeyId) -> (KeyId, Rc<str>) {
        if let Some((name, &key)) = self.by_name.get_key_value(name) {
            return (key, name.clone());
        }
        let (key, name) = (mint(), Rc::<str>::from(name));
        self.by_name.insert(name.clone(), key);
        self.names.insert(key, name.clone());
        (key, name)
    }

    pub(crate) fn forget(&mut self, key: KeyId) {
        if let Some(name) = self.names.remove(&key) {
            self.by_name.remove(&name);
        }
    }

    pub(crate) fn give_reason(&mut self, name: &str, reason: JsValue) {
        self.reasons.insert(name.into(), reason);
    }

    pub(crate) fn reason(&self, name: &str) -> Option<JsValue> {
        self.reasons.get(name).cloned()
    }

    pub(crate) fn has_reasons(&self) -> bool {
        !self.reasons.is_empty()
    }

    pub(crate) fn forget_reason(&mut self, name: &str) {
        self.reasons.remove(name);
    }

    pub(crate) fn forget_reasons(&mut self) {
        self.reasons.clear();
    }

    pub(crate) fn all(&self) -> Vec<KeyId> {
        self.names.keys().copied().collect()
    }
}
