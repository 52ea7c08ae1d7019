//! A page's own redaction of what is exported.

use atelier_exporters::{AttributeValue, NamedValues, Redact};
use js_sys::{Array, Function};
use wasm_bindgen::prelude::*;

use crate::otlp_options::attribute;

#[wasm_bindgen(raw_module = "../redact.js")]
extern "C" {
    /// Never throws.
    fn redact(hook: &Function, kind: &str, list: &Array) -> Option<Array>;
}

/// A redaction that calls a page's function.
pub(crate) fn redaction(hook: Function) -> Redact {
    Redact::new(move |attributes: NamedValues, kind| {
        let list = Array::new();
        for (name, value) in &attributes {
            list.push(&name.into());
            list.push(&to_js(value));
        }
        let kept = redact(&hook, kind.name(), &list)?;
        (0..kept.length()).step_by(3).map(|at| attribute_of(&attributes, &kept, at)).collect()
    })
}

/// What the hook left as it was is what it was: JavaScript has one kind of number, which does not hold every integer.
fn attribute_of(before: &NamedValues, kept: &Array, at: u32) -> Option<(String, AttributeValue)> {
    let name = kept.get(at).as_string()?;
    let place = kept.get(at + 1).as_f64()?;
    let unchanged = (place >= 0.0).then(|| before.get(place as usize)).flatten();
    let value = match unchanged {
        Some((_, value)) => value.clone(),
        None => attribute(&kept.get(at + 2))?,
    };
    Some((name, value))
}

fn to_js(value: &AttributeValue) -> JsValue {
    match value {
        AttributeValue::String(text) => text.into(),
        AttributeValue::Bool(truth) => (*truth).into(),
        AttributeValue::Int(number) => (*number as f64).into(),
        AttributeValue::Double(number) => (*number).into(),
        AttributeValue::Strings(texts) => texts.iter().map(JsValue::from).collect::<Array>().into(),
    }
}
