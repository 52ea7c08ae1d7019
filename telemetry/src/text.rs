//! Strings that come again and again (methods, names of errors), kept once.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// How many different methods and names of errors are kept. What comes after that is still recorded, at the cost of an
/// allocation each time, but is aggregated in the metric's overflow series only.
pub const DEFAULT_MAX_TEXTS: usize = 10_000;

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

/// The strings known so far.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    numbers: FxHashMap<Arc<str>, u32>,
    texts: Vec<Arc<str>>,
    /// The one that was asked for last: most often it is asked for again.
    last: u32,
}

impl Texts {
    /// Finds or adds a string.
    pub(crate) fn intern(&mut self, text: &str) -> Text {
        if self.texts.get(self.last as usize).is_some_and(|last| **last == *text) {
            return Text::Known(self.last);
        }
        if let Some(&number) = self.numbers.get(text) {
            self.last = number;
            return Text::Known(number);
        }
        let shared: Arc<str> = text.into();
        if self.texts.len() >= DEFAULT_MAX_TEXTS {
            return Text::Surplus(shared);
        }
        let number = self.texts.len() as u32;
        self.texts.push(shared.clone());
        self.numbers.insert(shared, number);
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
    pub(crate) fn shared(&mut self, text: &str) -> Arc<str> {
        let text = self.intern(text);
        self.get(&text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_names_is_bounded_and_none_is_lost() {
        let mut texts = Texts::default();
        for number in 0..DEFAULT_MAX_TEXTS + 10 {
            let name = format!("method{number}");
            let text = texts.intern(&name);
            assert_eq!(texts.get(&text).as_deref(), Some(name.as_str()));
        }
        assert_eq!(texts.texts.len(), DEFAULT_MAX_TEXTS);
        assert!(matches!(texts.intern("method3"), Text::Known(3)));
        assert!(matches!(texts.intern("new"), Text::Surplus(_)));
    }
}
