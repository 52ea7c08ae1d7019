//! `exportOtlp`: options in, an exporter out.

use std::collections::BTreeMap;
use std::rc::Rc;

use atelier_exporters::{
    AttributeValue, ConfigError, OtlpConfig, OtlpExporter, Signal, Temporality, whole_number,
};
use js_sys::{Array, Object};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::aggregates::Account;
use crate::keeping::Wish;
use crate::options::Options;
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
    pub(crate) fn start(page: &Rc<Page>, options: &JsValue) -> Result<OtlpHandle, JsValue> {
        let config = config(options)?;
        let wish = match config.signals.contains(&Signal::Traces) {
            true => Wish::read(Options(options).get("keep").as_ref(), refuse_with)?,
            false => Wish::default(),
        };
        let exporter = OtlpExporter::start(&telemetry(), page.runtime.id(), config).map_err(refuse)?;
        let wish = page.keeping.add(wish, &page.runtime);
        page.demand(1);
        let poked = exporter.clone();
        let poke = page.pokes.add(move || poked.poke());
        Ok(OtlpHandle { exporter, page: page.clone(), poke, wish })
    }
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

fn refuse(error: ConfigError) -> JsValue {
    refuse_with(&error.to_string())
}

fn refuse_with(message: &str) -> JsValue {
    let error = js_sys::TypeError::new(message);
    error.set_name("OtlpConfigError");
    error.into()
}

fn config(options: &JsValue) -> Result<OtlpConfig, JsValue> {
    let given = Options(options);
    let mut config = OtlpConfig { endpoint: given.text("endpoint")?, ..OtlpConfig::default() };
    if let Some(headers) = given.get("headers") {
        config.headers = entries(&headers, "headers")?
            .into_iter()
            .map(|(name, value)| match value.as_string() {
                Some(value) => Ok((name, value)),
                None => Err(refuse_with(&format!("headers: the value of '{name}' is no string"))),
            })
            .collect::<Result<_, _>>()?;
    }
    if let Some(resource) = given.get("resource") {
        config.resource = entries(&resource, "resource")?
            .into_iter()
            .map(|(name, value)| Ok((name.clone(), attribute(&name, &value)?)))
            .collect::<Result<_, JsValue>>()?;
    }
    if let Some(signals) = given.get("signals") {
        config.signals = signal_list(&signals)?;
    }
    if let Some(temporality) = given.text("temporality")? {
        config.temporality = match temporality.as_str() {
            "cumulative" => Temporality::Cumulative,
            "delta" => Temporality::Delta,
            other => {
                return Err(refuse_with(&format!(
                    "temporality is '{other}'; it takes 'cumulative' or 'delta'"
                )));
            }
        };
    }
    for (name, field) in [
        ("timeoutMs", &mut config.timeout_ms),
        ("scheduleDelayMs", &mut config.schedule_delay_ms),
        ("metricIntervalMs", &mut config.metric_interval_ms),
        ("maxQueueSize", &mut config.max_queue_size),
        ("maxBatchSize", &mut config.max_batch_size),
    ] {
        if let Some(value) = given.get(name) {
            *field = whole_number(name, value.as_f64().unwrap_or(f64::NAN)).map_err(refuse)?;
        }
    }
    Ok(config)
}

fn entries(object: &JsValue, name: &str) -> Result<Vec<(String, JsValue)>, JsValue> {
    let object = object
        .dyn_ref::<Object>()
        .ok_or_else(|| refuse_with(&format!("{name} is no object; it takes names and values")))?;
    Ok(Object::entries(object)
        .iter()
        .filter_map(|entry| {
            let entry = Array::from(&entry);
            Some((entry.get(0).as_string()?, entry.get(1)))
        })
        .collect())
}

fn attribute(name: &str, value: &JsValue) -> Result<AttributeValue, JsValue> {
    match (value.as_string(), value.as_bool(), value.as_f64()) {
        (Some(text), _, _) => Ok(AttributeValue::String(text)),
        (_, Some(truth), _) => Ok(AttributeValue::Bool(truth)),
        (_, _, Some(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Ok(AttributeValue::Int(number as i64))
        }
        (_, _, Some(number)) => Ok(AttributeValue::Double(number)),
        _ => Err(refuse_with(&format!("resource: the value of '{name}' is no string, number or boolean"))),
    }
}

fn signal_list(signals: &JsValue) -> Result<Vec<Signal>, JsValue> {
    let expected = "signals takes an array of 'traces', 'metrics' and 'logs'";
    let signals = signals.dyn_ref::<Array>().ok_or_else(|| refuse_with(expected))?;
    let mut list = Vec::new();
    for signal in signals.iter() {
        match signal.as_string().as_deref() {
            Some(name) => list.push(Signal::from_name(name).ok_or_else(|| refuse_with(expected))?),
            None => return Err(refuse_with(expected)),
        }
    }
    Ok(list)
}
