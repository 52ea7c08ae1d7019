//! Reads the options of `exportOtlp`.

use atelier_exporters::{
    AttributeValue, Compression, ConfigError, Credentials, HeaderAnswer, HeaderResult, HeaderSource, Headers,
    OtlpConfig, PhaseExport, Protocol, Signal, SignalConfig, Temporality, check_headers, whole_number,
};
use atelier_runtime::unobserved;
use js_sys::{Array, Function, Object, Promise};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::options::Options;
use crate::redaction::redaction;

/// `Number.MAX_SAFE_INTEGER`.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

#[wasm_bindgen(raw_module = "../headers.js")]
extern "C" {
    /// Never throws.
    #[wasm_bindgen(js_name = headerList)]
    fn header_list(given: &JsValue) -> JsValue;
    /// Never throws.
    #[wasm_bindgen(js_name = askedHeaders)]
    fn asked_headers(ask: &Function) -> JsValue;
}

/// An error of the configuration as the page gets it.
pub(crate) fn refuse(error: ConfigError) -> JsValue {
    refuse_with(&error.to_string())
}

/// An error of the configuration with this message.
pub(crate) fn refuse_with(message: &str) -> JsValue {
    let error = js_sys::TypeError::new(message);
    error.set_name("OtlpConfigError");
    error.into()
}

/// An error of an option that all kinds of options have in common, as one of the configuration; `prefix` is whose option.
fn ours(prefix: &str, error: JsValue) -> JsValue {
    let message = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message()));
    refuse_with(&format!("{prefix}{}", message.unwrap_or_default()))
}

/// The configuration: the defaults, then the variables of `env`, then the options; the later wins.
pub(crate) fn config(options: &JsValue) -> Result<OtlpConfig, JsValue> {
    let given = Options(options);
    let mut config = match given.get("env") {
        Some(env) => OtlpConfig::from_env(variables(&env)?).map_err(refuse)?,
        None => OtlpConfig::default(),
    };
    config.set_for_all(signal_config(&given, "")?);
    for signal in Signal::ALL {
        if let Some(own) = given.get(signal.name()) {
            if !own.is_object() {
                return Err(refuse_with(&format!("{} is no object; it takes options", signal.name())));
            }
            config.set_for(signal, signal_config(&Options(&own), &format!("{}.", signal.name()))?);
        }
    }
    if let Some(resource) = given.get("resource") {
        for (name, value) in entries(&resource, "resource")? {
            let value = attribute(&value).ok_or_else(|| {
                let takes = "no string, number, boolean or array of strings";
                refuse_with(&format!("resource: the value of '{name}' is {takes}"))
            })?;
            config.resource.push((name, value));
        }
    }
    if let Some(signals) = given.get("signals") {
        config.signals = signal_list(&signals)?;
    }
    let temporalities = "'cumulative' or 'delta'";
    let temporality = given.choice("temporality", temporalities, Temporality::from_name);
    if let Some(temporality) = temporality.map_err(|error| ours("", error))? {
        config.temporality = temporality;
    }
    let phases = given.choice("phases", "'attributes' or 'spans'", PhaseExport::from_name);
    if let Some(phases) = phases.map_err(|error| ours("", error))? {
        config.phases = phases;
    }
    if let Some(hook) = given.get("redact") {
        let hook: Function = hook
            .dyn_into()
            .map_err(|_| refuse_with("redact is no function; it takes attributes and kind"))?;
        config.redact = Some(redaction(hook));
    }
    for (name, field) in [
        ("scheduleDelayMs", &mut config.schedule_delay_ms),
        ("metricIntervalMs", &mut config.metric_interval_ms),
        ("maxQueueSize", &mut config.max_queue_size),
        ("maxBatchSize", &mut config.max_batch_size),
    ] {
        if let Some(value) = number(&given, name, name)? {
            *field = value;
        }
    }
    if let Some(durable) = given.get("durable") {
        config.durable_bytes = durable_bytes(&durable)?;
    }
    Ok(config)
}

/// `true`, `false`, or bounds.
fn durable_bytes(durable: &JsValue) -> Result<Option<u32>, JsValue> {
    let default = OtlpConfig::default().durable_bytes;
    match durable.as_bool() {
        Some(is_on) => Ok(default.filter(|_| is_on)),
        None if durable.is_object() => {
            Ok(number(&Options(durable), "maxBytes", "durable.maxBytes")?.or(default))
        }
        None => Err(refuse_with("durable takes true, false or { maxBytes }")),
    }
}

/// What is given in the place of the browser's `fetch`.
pub(crate) fn own_fetch(options: &JsValue) -> Result<Option<Function>, JsValue> {
    let given = Options(options).get("fetch");
    let function = |value: JsValue| {
        value.dyn_into().map_err(|_| refuse_with("fetch is no function; it takes one like fetch"))
    };
    given.map(function).transpose()
}

/// Headers that are read before each request: of an object, whose values may change, or a function's answer. What an object
/// has now is checked now; `option` is how messages name it.
fn live_headers(given: JsValue, option: &str) -> Result<Headers, JsValue> {
    if let Ok(ask) = given.clone().dyn_into::<Function>() {
        return Ok(HeaderSource::renewing(move || header_answer(unobserved(|| asked_headers(&ask)))).into());
    }
    let now = header_result(&header_list(&given)).map_err(|why| refuse_with(&format!("{option}: {why}")))?;
    check_headers(option, &now).map_err(refuse)?;
    Ok(HeaderSource::looked_up(move || HeaderAnswer::Now(header_result(&header_list(&given)))).into())
}

fn header_answer(answer: JsValue) -> HeaderAnswer {
    match answer.dyn_into::<Promise>() {
        Ok(later) => HeaderAnswer::Later(Box::pin(async move {
            header_result(&JsFuture::from(later).await.unwrap_or_default())
        })),
        Err(now) => HeaderAnswer::Now(header_result(&now)),
    }
}

/// Names and values in turn, or what is wrong.
fn header_result(answer: &JsValue) -> HeaderResult {
    let Some(list) = answer.dyn_ref::<Array>() else {
        return Err(answer.as_string().unwrap_or_else(|| "they cannot be read".to_owned()));
    };
    let texts: Vec<String> = list.iter().filter_map(|text| text.as_string()).collect();
    Ok(texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
}

/// What may be given for all signals or for one; `prefix` is how messages name the one.
fn signal_config(given: &Options<'_>, prefix: &str) -> Result<SignalConfig, JsValue> {
    let named = |name: &str| format!("{prefix}{name}");
    let headers = given.get("headers").map(|headers| live_headers(headers, &named("headers"))).transpose()?;
    let credentials =
        given.choice("credentials", "'omit', 'same-origin' or 'include'", Credentials::from_name);
    let limit = |name: &str| number(given, name, &named(name));
    let protocol = given.choice("protocol", "'http/protobuf' or 'http/json'", Protocol::from_name);
    let compression = given.choice("compression", "'none' or 'gzip'", Compression::from_name);
    Ok(SignalConfig {
        endpoint: given.text("endpoint").map_err(|error| ours(prefix, error))?,
        headers,
        credentials: credentials.map_err(|error| ours(prefix, error))?,
        protocol: protocol.map_err(|error| ours(prefix, error))?,
        compression: compression.map_err(|error| ours(prefix, error))?,
        timeout_ms: limit("timeoutMs")?,
        attribute_value_length_limit: limit("attributeValueLengthLimit")?,
        attribute_count_limit: limit("attributeCountLimit")?,
    })
}

fn number(given: &Options<'_>, name: &str, shown: &str) -> Result<Option<u32>, JsValue> {
    let Some(value) = given.get(name) else { return Ok(None) };
    whole_number(shown, value.as_f64().unwrap_or(f64::NAN)).map(Some).map_err(refuse)
}

/// The `OTEL_…` settings in an object of variables; what else is there may have values of any kind.
fn variables(env: &JsValue) -> Result<Vec<(String, String)>, JsValue> {
    let ours = entries(env, "env")?.into_iter();
    ours.filter(|(name, value)| name.starts_with("OTEL_") && !value.is_undefined() && !value.is_null())
        .map(|(name, value)| match value.as_string() {
            Some(value) => Ok((name, value)),
            None => Err(refuse_with(&format!("env: variable {name} is no string"))),
        })
        .collect()
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

/// A value of an attribute; `None` for what OpenTelemetry has no attributes of.
pub(crate) fn attribute(value: &JsValue) -> Option<AttributeValue> {
    if let Some(texts) = value.dyn_ref::<Array>() {
        return texts.iter().map(|text| text.as_string()).collect::<Option<_>>().map(AttributeValue::Strings);
    }
    match (value.as_string(), value.as_bool(), value.as_f64()) {
        (Some(text), _, _) => Some(AttributeValue::String(text)),
        (_, Some(truth), _) => Some(AttributeValue::Bool(truth)),
        (_, _, Some(number)) if number.fract() == 0.0 && number.abs() <= MAX_SAFE_INTEGER => {
            Some(AttributeValue::Int(number as i64))
        }
        (_, _, Some(number)) => Some(AttributeValue::Double(number)),
        _ => None,
    }
}

fn signal_list(signals: &JsValue) -> Result<Vec<Signal>, JsValue> {
    let expected = "signals takes an array of 'traces', 'metrics' and 'logs'";
    let signals = signals.dyn_ref::<Array>().ok_or_else(|| refuse_with(expected))?;
    let mut list = Vec::new();
    for signal in signals.iter() {
        match signal.as_string() {
            Some(name) => list.push(Signal::from_name(&name).ok_or_else(|| refuse_with(expected))?),
            None => return Err(refuse_with(expected)),
        }
    }
    Ok(list)
}
