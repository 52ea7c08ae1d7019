//! Reads the options of `defineTask`.

use std::time::Duration;

use atelier_runtime::core::{ConfigError, CrashPolicy, Init, QueuePolicy, TaskConfig, UNLIMITED};
use js_sys::Reflect;
use wasm_bindgen::prelude::*;

use crate::errors;

#[wasm_bindgen(raw_module = "../check.js")]
extern "C" {
    /// A value in a message.
    fn shown(value: &JsValue) -> String;
}

/// An object of options; absent and `undefined` are the same.
pub(crate) struct Options<'a>(pub(crate) &'a JsValue);

impl Options<'_> {
    pub(crate) fn get(&self, name: &str) -> Option<JsValue> {
        Reflect::get(self.0, &JsValue::from_str(name)).ok().filter(|value| !value.is_undefined())
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, JsValue> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_string().map(Some).ok_or_else(|| refuse(name, &value, "a string"))
    }

    /// One of a few names.
    pub(crate) fn choice<T>(
        &self,
        name: &str,
        known: &str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, JsValue> {
        let Some(value) = self.get(name) else { return Ok(None) };
        value.as_string().as_deref().and_then(read).map(Some).ok_or_else(|| refuse(name, &value, known))
    }

    /// A whole number in a range.
    fn count(&self, name: &str, least: u32) -> Result<Option<u32>, JsValue> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_f64() {
            Some(number)
                if number.fract() == 0.0 && number >= f64::from(least) && number <= f64::from(u32::MAX) =>
            {
                Ok(Some(number as u32))
            }
            _ => Err(refuse_number(name, &value, &format!("a whole number from {least} to {}", u32::MAX))),
        }
    }

    /// The same, or `Infinity` for no limit.
    fn limit(&self, name: &str, least: u32) -> Result<Option<Option<u32>>, JsValue> {
        match self.get(name).and_then(|value| value.as_f64()) {
            Some(f64::INFINITY) => Ok(Some(None)),
            _ => Ok(self.count(name, least)?.map(Some)),
        }
    }

    /// Milliseconds; `Infinity` is never.
    fn millis(&self, name: &str, least: f64) -> Result<Option<Duration>, JsValue> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.as_f64() {
            Some(f64::INFINITY) => Ok(None),
            Some(millis) if millis >= least => Ok(Duration::try_from_secs_f64(millis / 1e3).ok()),
            _ => Err(refuse_number(name, &value, &format!("milliseconds, at least {least}"))),
        }
    }
}

/// A number where a number is wanted is out of range; all else is of the wrong type.
fn refuse_number(name: &str, value: &JsValue, expected: &str) -> JsValue {
    let message = format!("{name} is {}; it takes {expected}", shown(value));
    if value.as_f64().is_some() {
        errors::out_of_range(name, &message)
    } else {
        errors::wrong_type(name, &message)
    }
}

fn refuse(name: &str, value: &JsValue, expected: &str) -> JsValue {
    errors::wrong_type(name, &format!("{name} is {}; it takes {expected}", shown(value)))
}

/// A task's settings out of what the page gave. `cores` is the default size of a pool.
pub(crate) fn task_config(options: &JsValue, cores: u32) -> Result<TaskConfig, JsValue> {
    let options = Options(options);
    let Some(parallel) = options.choice("type", "'parallel' or 'singleton'", |name| match name {
        "parallel" => Some(true),
        "singleton" => Some(false),
        _ => None,
    })?
    else {
        return Err(errors::wrong_type("type", "type is missing; it takes 'parallel' or 'singleton'"));
    };
    let pool_size = options.count("poolSize", 1)?;
    let mut config = if parallel {
        TaskConfig::parallel(pool_size.unwrap_or(cores.max(1)))
    } else {
        // A singleton has one worker, whatever else the page asked for.
        TaskConfig::singleton()
    };
    if let Some(max_in_flight) = options.limit("maxInFlight", 1)? {
        config = config.with_max_in_flight(max_in_flight.unwrap_or(UNLIMITED));
    }
    if let Some(depth) = options.limit("maxQueueDepth", 0)? {
        config.max_queue_depth = depth;
    }
    let policies = "'block', 'reject', 'drop-latest' or 'drop-oldest'";
    if let Some(policy) = options.choice("queuePolicy", policies, QueuePolicy::from_name)? {
        config.queue_policy = policy;
    }
    let policies = "'restart-fail-in-flight', 'restart-requeue-in-flight' or 'fail-task'";
    if let Some(policy) = options.choice("crashPolicy", policies, CrashPolicy::from_name)? {
        config.crash_policy = policy;
    }
    if let Some(retries) = options.limit("crashMaxRetries", 0)? {
        config.crash_max_retries = retries.unwrap_or(u32::MAX);
    }
    let init = options.choice("init", "'lazy' or 'eager'", |name| match name {
        "lazy" => Some(Init::Lazy),
        "eager" => Some(Init::Eager),
        _ => None,
    })?;
    config.init = init.unwrap_or(config.init);
    config.timeout = options.millis("timeoutMs", 0.0)?.filter(|timeout| !timeout.is_zero());
    config.idle_timeout = options.millis("idleTimeoutMs", 0.0)?;
    config.hang_timeout = options.millis("hangTimeoutMs", 1.0)?;
    if let Some(start) = options.millis("startTimeoutMs", 1.0)? {
        config.start_timeout = start;
    }
    config.validate().map_err(|error| errors::out_of_range(option_of(error), &error.to_string()))?;
    Ok(config)
}

fn option_of(error: ConfigError) -> &'static str {
    match error {
        ConfigError::MaxInFlightZero => "maxInFlight",
        _ => "poolSize",
    }
}
