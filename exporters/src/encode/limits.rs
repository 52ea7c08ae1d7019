//! How much a page's texts may take: attributes as the settings say (OpenTelemetry specification, "Attribute Limits"),
//! names within a bound of their own.
//!
//! What is too long is cut and ends with `…`, so that whoever reads it sees that; the specification asks only that it is no
//! longer than the limit. It is counted, as is what is left out.

use std::borrow::Cow;

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};

use crate::config::AttributeLimits;

/// The longest name of a span or an event, body of a log record, text of a status and value of the resource, in
/// characters; what is longer is cut. An attribute whose key is longer is left out.
pub(super) const MAX_NAME_LENGTH: usize = 65_536;

/// What a cut text ends with.
const ELLIPSIS: char = '…';

/// What did not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Excess {
    /// Texts that were cut.
    pub(super) cut: u64,
    /// Attributes that were left out.
    pub(super) dropped: u64,
}

impl Excess {
    fn add(&mut self, other: Excess) {
        self.cut += other.cut;
        self.dropped += other.dropped;
    }

    fn is_none(self) -> bool {
        self == Excess::default()
    }
}

/// Applies the limits of one signal.
#[derive(Debug)]
pub(super) struct Limiter {
    limits: AttributeLimits,
    /// In what is being encoded.
    now: Excess,
    /// In all that was encoded and kept.
    pub(super) total: Excess,
}

impl Limiter {
    pub(super) fn new(limits: AttributeLimits) -> Limiter {
        Limiter { limits, now: Excess::default(), total: Excess::default() }
    }

    /// What is encoded from here on takes the place of what was encoded and not kept.
    pub(super) fn begin(&mut self) {
        self.now = Excess::default();
    }

    /// What was encoded stays. What there is to tell of it, if something did not fit.
    pub(super) fn keep(&mut self) -> Option<String> {
        let now = std::mem::take(&mut self.now);
        self.total.add(now);
        let (Excess { cut, dropped }, total) = (now, self.total);
        (!now.is_none()).then(|| {
            format!(
                "{cut} texts were too long and were cut, {dropped} attributes too many and left out ({} and {} so far)",
                total.cut, total.dropped
            )
        })
    }

    /// A value of an attribute.
    #[inline]
    pub(super) fn value<'a>(&mut self, value: &'a str) -> Cow<'a, str> {
        self.within(value, self.limits.value_length as usize)
    }

    /// A name, or what is bounded like one.
    #[inline]
    pub(super) fn name<'a>(&mut self, name: &'a str) -> Cow<'a, str> {
        self.within(name, MAX_NAME_LENGTH)
    }

    /// The same of a text that is owned.
    pub(super) fn own_name(&mut self, name: &mut String) {
        if let Cow::Owned(cut) = self.name(name) {
            *name = cut;
        }
    }

    /// Whether an item that has so many attributes takes another one with this key; counts it if it does not.
    #[inline]
    pub(super) fn takes(&mut self, count: u32, key: &str) -> bool {
        let takes = count < self.limits.count && key.len() <= MAX_NAME_LENGTH;
        self.now.dropped += u64::from(!takes);
        takes
    }

    /// All attributes of an item; returns how many were left out.
    pub(super) fn attributes(&mut self, attributes: &mut Vec<KeyValue>) -> u32 {
        let (before, mut count) = (attributes.len(), 0);
        attributes.retain(|attribute| {
            let takes = self.takes(count, &attribute.key);
            count += u32::from(takes);
            takes
        });
        self.values(attributes);
        u32::try_from(before - attributes.len()).unwrap_or(u32::MAX)
    }

    /// The values of attributes, of which none may be left out; says whether one was cut.
    pub(super) fn values(&mut self, attributes: &mut [KeyValue]) -> bool {
        let before = self.now.cut;
        attributes.iter_mut().filter_map(|it| it.value.as_mut()).for_each(|value| self.any(value));
        self.now.cut != before
    }

    fn any(&mut self, value: &mut AnyValue) {
        match &mut value.value {
            Some(Value::StringValue(text)) => {
                if let Cow::Owned(cut) = self.value(text) {
                    *text = cut;
                }
            }
            Some(Value::ArrayValue(array)) => array.values.iter_mut().for_each(|value| self.any(value)),
            _ => {}
        }
    }

    #[inline]
    fn within<'a>(&mut self, text: &'a str, max: usize) -> Cow<'a, str> {
        // As many characters have at least as many bytes.
        if text.len() <= max {
            return Cow::Borrowed(text);
        }
        match cut(text, max) {
            Some(cut) => {
                self.now.cut += 1;
                Cow::Owned(cut)
            }
            None => Cow::Borrowed(text),
        }
    }
}

/// A text that has more characters than that, within the limit.
fn cut(text: &str, max: usize) -> Option<String> {
    text.char_indices().nth(max)?;
    let (end, _) = text.char_indices().nth(max.saturating_sub(1))?;
    let mut cut = String::with_capacity(end + ELLIPSIS.len_utf8());
    cut.push_str(&text[..end]);
    if max > 0 {
        cut.push(ELLIPSIS);
    }
    Some(cut)
}

/// The value of an attribute of the resource.
pub(super) fn resource_value(attribute: &mut KeyValue) {
    let limits = AttributeLimits { value_length: MAX_NAME_LENGTH as u32, count: u32::MAX };
    Limiter::new(limits).values(std::slice::from_mut(attribute));
}

#[cfg(test)]
mod tests {
    use super::super::attribute::{int, string};
    use super::*;

    fn limiter(value_length: u32, count: u32) -> Limiter {
        Limiter::new(AttributeLimits { value_length, count })
    }

    #[test]
    fn characters_count_and_are_never_split() {
        let mut limiter = limiter(3, 128);
        for (text, expected) in [
            ("", ""),
            ("abc", "abc"),
            ("abcd", "ab…"),
            ("äöü", "äöü"),
            ("äöüß", "äö…"),
            ("😀😀😀", "😀😀😀"),
            ("😀😀😀😀", "😀😀…"),
        ] {
            assert_eq!(limiter.value(text), expected);
        }
        assert_eq!(limiter.now, Excess { cut: 3, dropped: 0 });
        assert_eq!(cut("ab", 1).as_deref(), Some("…"));
    }

    #[test]
    fn what_is_left_out_and_cut_is_counted_once_it_is_kept() {
        let mut limiter = limiter(2, 2);
        let all =
            || vec![string("a", "long"), int(&"k".repeat(MAX_NAME_LENGTH + 1), 1), int("b", 2), int("c", 3)];
        let mut attributes = all();
        assert_eq!(limiter.attributes(&mut attributes), 2);
        assert_eq!(attributes, [string("a", "l…"), int("b", 2)]);
        // It is encoded again, in the place of what was not kept.
        limiter.begin();
        limiter.attributes(&mut all());
        let said = limiter.keep().expect("something to say");
        assert!(said.starts_with("1 texts") && said.ends_with("(1 and 2 so far)"), "{said}");
        assert_eq!((limiter.keep(), limiter.total), (None, Excess { cut: 1, dropped: 2 }));
    }
}
