//! A hotkey as it is pressed: from a keyboard event to the text that names it.

/// A key that went down.
#[derive(Clone, Debug, Default)]
pub(crate) struct Press {
    /// What it types, as the browser says it (`KeyboardEvent.key`).
    pub(crate) key: String,
    /// Its place on the keyboard (`KeyboardEvent.code`): with Alt or Shift some layouts type another character.
    pub(crate) code: String,
    /// Held with it.
    pub(crate) ctrl: bool,
    /// Held with it.
    pub(crate) alt: bool,
    /// Held with it.
    pub(crate) shift: bool,
    /// Held with it.
    pub(crate) meta: bool,
}

/// What a press says to somebody who asked for a hotkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Nothing yet: a modifier.
    More,
    /// This is to be the hotkey; empty for none.
    Chosen(String),
    /// All stays as it is.
    Canceled,
    /// It cannot be the hotkey; the sentence says why.
    Refused(&'static str),
}

/// Understands a press.
pub(crate) fn hear(press: &Press) -> Heard {
    let alone = !(press.ctrl || press.alt || press.meta || press.shift);
    let key = match (press.key.as_str(), press.code.as_str()) {
        ("Alt" | "AltGraph" | "Control" | "Meta" | "Shift" | "Dead" | "Unidentified" | "", _) => {
            return Heard::More;
        }
        ("Escape" | "Tab", _) if !(press.ctrl || press.alt || press.meta) => return Heard::Canceled,
        ("Backspace" | "Delete", _) if alone => return Heard::Chosen(String::new()),
        (" " | "+", _) => {
            return Heard::Refused("The space bar and the plus cannot be a hotkey. Press another key.");
        }
        (_, code)
            if code.strip_prefix("Key").or(code.strip_prefix("Digit")).is_some_and(|end| end.len() == 1) =>
        {
            code.chars().skip(code.len() - 1).collect()
        }
        (key, _) => key.to_owned(),
    };
    let is_function_key = key.strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok());
    if !(press.ctrl || press.alt || press.meta || is_function_key) {
        return Heard::Refused("Hold Ctrl, Alt or Meta as well, so that typing does not open the panel.");
    }
    let held = [(press.ctrl, "Ctrl"), (press.alt, "Alt"), (press.shift, "Shift"), (press.meta, "Meta")];
    let mut parts: Vec<&str> = held.into_iter().filter(|(held, _)| *held).map(|(_, name)| name).collect();
    parts.push(&key);
    Heard::Chosen(parts.join("+"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(key: &str, code: &str) -> Press {
        Press { key: key.to_owned(), code: code.to_owned(), ..Press::default() }
    }

    #[test]
    fn a_letter_is_known_by_its_place() {
        let with_alt = Press { alt: true, shift: true, ..press("Î", "KeyD") };
        assert_eq!(hear(&with_alt), Heard::Chosen("Alt+Shift+D".to_owned()));
        let digit = Press { ctrl: true, meta: true, ..press("1", "Digit1") };
        assert_eq!(hear(&digit), Heard::Chosen("Ctrl+Meta+1".to_owned()));
        assert_eq!(hear(&press("F9", "F9")), Heard::Chosen("F9".to_owned()));
        let arrow = Press { alt: true, ..press("ArrowUp", "ArrowUp") };
        assert_eq!(hear(&arrow), Heard::Chosen("Alt+ArrowUp".to_owned()));
    }

    #[test]
    fn what_would_get_in_the_way_of_typing_is_refused() {
        assert!(matches!(hear(&press("d", "KeyD")), Heard::Refused(_)));
        assert!(matches!(hear(&Press { shift: true, ..press("D", "KeyD") }), Heard::Refused(_)));
        assert!(matches!(hear(&Press { ctrl: true, ..press("+", "BracketRight") }), Heard::Refused(_)));
        assert!(matches!(hear(&press("Fun", "")), Heard::Refused(_)));
    }

    #[test]
    fn modifiers_wait_and_escape_leaves() {
        assert_eq!(hear(&Press { alt: true, ..press("Alt", "AltLeft") }), Heard::More);
        assert_eq!(hear(&press("Escape", "Escape")), Heard::Canceled);
        assert_eq!(hear(&press("Backspace", "Backspace")), Heard::Chosen(String::new()));
    }
}
