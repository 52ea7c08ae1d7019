//! `exportOtlp`: options in, an exporter out.

use std::collections::BTreeMap;
use std::rc::Rc;

use atelier_exporters::{OtlpExporter, Signal};
use atelier_runtime::unobserved;
use js_sys::Function;
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::aggregates::Account;
use crate::keeping::Wish;
use crate::options::Options;
use crate::otlp_options::{config, own_fetch, refuse, refuse_with};
use crate::page::Page;
use crate::telemetry::telemetry;

/// A running exporter.
#[wasm_bindgen]
pub struct OtlpHandle {
    exporter: OtlpExporter,
    page: Rc<Page>,
    poke: u32,
    wish: u32,
}

impl OtlpHandle {
    pub(crate) fn start(page: &Rc<Page>, options: &JsValue, fetch: JsValue) -> Result<OtlpHandle, JsValue> {
        let config = config(options)?;
        let wish = match config.signals.contains(&Signal::Traces) {
            true => Wish::read(Options(options).get("keep").as_ref(), refuse_with)?,
            false => Wish::default(),
        };
        let own = own_fetch(options)?.or_else(|| fetch.dyn_into().ok()).map(unobserved_fetch);
        let (telemetry, runtime) = (telemetry(), page.runtime.id());
        let exporter = match own {
            Some(fetch) => OtlpExporter::start_with_fetch(&telemetry, runtime, config, fetch),
            None => OtlpExporter::start(&telemetry, runtime, config),
        };
        let exporter = exporter.map_err(refuse)?;
        let wish = page.keeping.add(wish, &page.runtime);
        page.demand(1);
        let poked = exporter.clone();
        let poke = page.pokes.add(move || poked.poke());
        Ok(OtlpHandle { exporter, page: page.clone(), poke, wish })
    }
}

/// A `fetch` whose own calls of tasks have no span: those would be sent by it, and so on.
fn unobserved_fetch(fetch: Function) -> Function {
    let send =
        move |url: JsValue, init: JsValue| unobserved(|| fetch.call2(&JsValue::UNDEFINED, &url, &init));
    Closure::<dyn Fn(JsValue, JsValue) -> Result<JsValue, JsValue>>::new(send)
        .into_js_value()
        .unchecked_into()
}

#[wasm_bindgen]
impl OtlpHandle {
    /// Sends what is queued. Never rejects.
    pub fn flush(&self) -> js_sys::Promise {
        let flushed = self.exporter.flush();
        wasm_bindgen_futures::future_to_promise(async move {
            flushed.await;
            Ok(JsValue::UNDEFINED)
        })
    }

    /// Flushes, then stops. Never rejects.
    pub fn shutdown(&self) -> js_sys::Promise {
        let stopped = self.exporter.shutdown();
        let (page, poke, wish) = (self.page.clone(), self.poke, self.wish);
        wasm_bindgen_futures::future_to_promise(async move {
            stopped.await;
            if page.pokes.remove(poke) {
                page.keeping.remove(wish, &page.runtime, &page.tasks.borrow());
                page.demand(-1);
            }
            Ok(JsValue::UNDEFINED)
        })
    }

    /// What became of everything, by signal.
    pub fn ledger(&self) -> Result<JsValue, JsValue> {
        let name = |signal: String| if signal == "spans" { "traces".to_owned() } else { signal };
        let accounts: BTreeMap<String, Account> =
            self.exporter.ledger().into_iter().map(|row| (name(row.signal.clone()), row.into())).collect();
        let serializer = serde_wasm_bindgen::Serializer::json_compatible();
        accounts.serialize(&serializer).map_err(JsValue::from)
    }
}
