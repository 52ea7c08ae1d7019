//! Strings that come again and again (methods, names of errors and of spans), kept once, and how long those that are kept can be.

use std::borrow::Cow;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::log::start;

/// How many different strings of a kind are kept: methods, names of errors, names of handlers' spans. What comes after that is
/// still recorded, at the cost of an allocation each time. Methods beyond are aggregated in the metric's overflow series only,
/// names of errors beyond as [`OTHER_ERROR_TYPE`].
pub const DEFAULT_MAX_TEXTS: usize = 10_000;

/// How much of a name or a value is kept, in bytes. The rest is cut between characters, and `…` stands for it.
pub const DEFAULT_MAX_TEXT_BYTES: usize = 64 * 1024;

/// What the names of errors are counted as that are too many to be told apart (OpenTelemetry's semantic conventions, "Error
/// attributes").
pub const OTHER_ERROR_TYPE: &str = "_OTHER";

const CUT: char = '…';

/// What kind of string one is. A flood of one kind takes no room from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextKind {
    Method,
    ErrorType,
    SpanName,
}

/// A string as the aggregation sees it.
#[derive(Clone, Debug, Default)]
pub(crate) enum Text {
    /// There is none.
    #[default]
    None,
    /// A known one, by number.
    Known(u32),
    /// One more than are kept.
    Surplus(Arc<str>),
}

/// The strings of one kind.
#[derive(Debug, Default)]
struct Table {
    numbers: FxHashMap<Arc<str>, u32>,
    /// The one that was asked for last: most often it is asked for again.
    last: u32,
}

/// The strings known so far.
#[derive(Debug)]
pub(crate) struct Texts {
    tables: [Table; 3],
    texts: Vec<Arc<str>>,
}

impl Texts {
    /// [`OTHER_ERROR_TYPE`], among the names of errors.
    pub(crate) const OTHER_ERROR: u32 = 0;

    /// Finds or adds a string.
    pub(crate) fn intern(&mut self, kind: TextKind, text: &str) -> Text {
        let table = &mut self.tables[kind as usize];
        if self.texts.get(table.last as usize).is_some_and(|last| **last == *text)
            && (table.last != Texts::OTHER_ERROR || kind == TextKind::ErrorType)
        {
            return Text::Known(table.last);
        }
        let text = kept(text);
        if let Some(&number) = table.numbers.get(&*text) {
            table.last = number;
            return Text::Known(number);
        }
        let shared: Arc<str> = text.into();
        if table.numbers.len() >= DEFAULT_MAX_TEXTS {
            return Text::Surplus(shared);
        }
        let number = self.texts.len() as u32;
        self.texts.push(shared.clone());
        table.numbers.insert(shared, number);
        Text::Known(number)
    }

    /// The string itself.
    pub(crate) fn get(&self, text: &Text) -> Option<Arc<str>> {
        match text {
            Text::None => None,
            Text::Known(number) => self.texts.get(*number as usize).cloned(),
            Text::Surplus(text) => Some(text.clone()),
        }
    }

    /// Finds or adds a string and gives it back.
    pub(crate) fn shared(&mut self, kind: TextKind, text: &str) -> Arc<str> {
        let text = self.intern(kind, text);
        self.get(&text).unwrap_or_default()
    }
}

impl Default for Texts {
    fn default() -> Texts {
        let mut texts = Texts { tables: Default::default(), texts: Vec::new() };
        // The first one, whose number is known therefore.
        texts.intern(TextKind::ErrorType, OTHER_ERROR_TYPE);
        texts
    }
}

/// As much of a text as is kept.
pub fn kept(text: &str) -> Cow<'_, str> {
    if text.len() <= DEFAULT_MAX_TEXT_BYTES {
        return Cow::Borrowed(text);
    }
    let mut cut = start(text, DEFAULT_MAX_TEXT_BYTES - CUT.len_utf8()).to_owned();
    cut.push(CUT);
    Cow::Owned(cut)
}

/// As much as is kept of the attributes of a span, a JSON object: of each name and each text among the values. What cannot be
/// read, or is too much all the same, is not kept at all.
pub(crate) fn kept_attributes(json: &str) -> Option<Arc<str>> {
    const MOST: usize = 16 * DEFAULT_MAX_TEXT_BYTES;
    if json.len() <= DEFAULT_MAX_TEXT_BYTES {
        return Some(json.into());
    }
    let attributes: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    let bounded = attributes.into_iter().map(|(name, value)| {
        let value = match value {
            serde_json::Value::String(text) => kept(&text).into_owned().into(),
            other => other,
        };
        (kept(&name).into_owned(), value)
    });
    let bounded = serde_json::to_string(&bounded.collect::<serde_json::Map<_, _>>()).ok()?;
    (bounded.len() <= MOST).then(|| bounded.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_is_bounded_and_none_is_lost() {
        let mut texts = Texts::default();
        for number in 0..DEFAULT_MAX_TEXTS + 10 {
            let name = format!("error{number}");
            let text = texts.intern(TextKind::ErrorType, &name);
            assert_eq!(texts.get(&text).as_deref(), Some(name.as_str()));
        }
        assert_eq!(texts.texts.len(), DEFAULT_MAX_TEXTS);
        assert!(matches!(texts.intern(TextKind::ErrorType, "error3"), Text::Known(4)));
        assert!(matches!(texts.intern(TextKind::ErrorType, "new"), Text::Surplus(_)));
        assert!(matches!(
            texts.intern(TextKind::ErrorType, OTHER_ERROR_TYPE),
            Text::Known(Texts::OTHER_ERROR)
        ));
        for kind in [TextKind::Method, TextKind::SpanName] {
            for name in ["new", "error3", OTHER_ERROR_TYPE, OTHER_ERROR_TYPE] {
                let text = texts.intern(kind, name);
                assert!(
                    matches!(text, Text::Known(number) if number as usize >= DEFAULT_MAX_TEXTS),
                    "{name}"
                );
                assert_eq!(texts.get(&text).as_deref(), Some(name));
            }
        }
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_marked() {
        let mut texts = Texts::default();
        for filler in ["a", "ä", "語", "🦀"] {
            let long = filler.repeat(DEFAULT_MAX_TEXT_BYTES + 1);
            let shared = texts.shared(TextKind::Method, &long);
            assert!(shared.len() <= DEFAULT_MAX_TEXT_BYTES && shared.len() > DEFAULT_MAX_TEXT_BYTES - 8);
            let rest = shared.trim_end_matches(CUT);
            assert!(shared.ends_with(CUT) && long.starts_with(rest));
            assert!(Arc::ptr_eq(&shared, &texts.shared(TextKind::Method, &long)), "it is known again");
        }
        let exact = "a".repeat(DEFAULT_MAX_TEXT_BYTES);
        assert_eq!(kept(&exact), exact);
    }

    #[test]
    fn attributes_are_cut_one_by_one_and_stay_json() {
        let short = r#"{"a":"\ud83e\udd80","__proto__":"own"}"#;
        assert_eq!(kept_attributes(short).as_deref(), Some(short));
        let long = "語".repeat(DEFAULT_MAX_TEXT_BYTES);
        let json =
            serde_json::json!({ "n": 7, "long": long, "__proto__": "own", long.as_str(): true }).to_string();
        let kept = kept_attributes(&json).expect("it is no more than is kept");
        assert!(kept.len() < 3 * DEFAULT_MAX_TEXT_BYTES);
        let read: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&kept).expect("JSON");
        assert_eq!((&read["n"], &read["__proto__"]), (&serde_json::json!(7), &serde_json::json!("own")));
        assert_eq!(read["long"].as_str().map(|text| text.ends_with(CUT)), Some(true));
        assert_eq!(read.len(), 4);
        assert_eq!(kept_attributes(&json[1..]), None);
    }
}
