//! A module of wasm as text in a JavaScript module, so that bundlers take it along like any other code: no file to find, to
//! copy or to fetch. One character of the text is one byte of the module, which costs a few percent after compression where
//! base64 costs a third.

use std::fmt::Write;
use std::path::Path;

use super::BuildError;

/// Writes `wasm-text.js` beside a module of wasm.
pub(super) fn write_text_module(wasm: &Path) -> Result<(), BuildError> {
    let bytes = std::fs::read(wasm).map_err(BuildError::file(wasm))?;
    let to = wasm.with_file_name("wasm-text.js");
    std::fs::write(&to, text_module(&bytes)).map_err(BuildError::file(&to))
}

/// The JavaScript module: the text, its length, and a function that lets go of it.
fn text_module(bytes: &[u8]) -> String {
    format!(
        "// Made by `cargo xtask dist` from the wasm beside it: one character a byte.\n\
         export const length = {};\n\
         export let text = {};\n\
         export function dropText() {{ text = ''; }}\n",
        bytes.len(),
        literal(bytes)
    )
}

/// A string literal whose characters are these bytes, in the quotes that need fewer escapes.
///
/// Escaped is what JavaScript would refuse or change, and what an HTML page would that has the script inline: NUL, and what
/// looks like the beginning of a tag or a comment.
fn literal(bytes: &[u8]) -> String {
    let count = |quote: char| bytes.iter().filter(|byte| char::from(**byte) == quote).count();
    let quote = if count('\'') <= count('"') { '\'' } else { '"' };
    let mut text = String::with_capacity(bytes.len() * 5 / 4);
    text.push(quote);
    for (at, byte) in bytes.iter().enumerate() {
        let next = bytes.get(at + 1).copied();
        match char::from(*byte) {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            // Followed by a digit, `\0` would be an octal escape.
            '\0' if !next.is_some_and(|next| next.is_ascii_digit()) => text.push_str("\\0"),
            byte @ '\0' | byte @ '<' if byte == '\0' || matches!(next, Some(b'/' | b'!')) => {
                // Writing to a String cannot fail.
                let _ = write!(text, "\\x{:02x}", u32::from(byte));
            }
            byte if byte == quote => text.extend(['\\', quote]),
            byte => text.push(byte),
        }
    }
    text.push(quote);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_a_character_and_what_is_dangerous_is_escaped() {
        let all: Vec<u8> = (0..=255).collect();
        let text = literal(&all);
        assert!(text.starts_with("'\\0\u{1}") && text.ends_with("\u{fe}\u{ff}'"), "{text:?}");
        assert!(
            text.contains("\\\\") && text.contains("\\'") && text.contains("\\n") && text.contains("\\r")
        );
        assert!(!text.chars().any(|c| matches!(c, '\0' | '\n' | '\r')));
        // 256 characters, two quotes, five that are escaped by one more.
        assert_eq!(text.chars().count(), 256 + 2 + 5);
    }

    #[test]
    fn nul_before_a_digit_and_tags_are_written_in_hexadecimal() {
        assert_eq!(literal(b"\x001"), "'\\x001'");
        assert_eq!(literal(b"\0a"), "'\\0a'");
        assert_eq!(literal(b"</script><!--<a"), "'\\x3c/script>\\x3c!--<a'");
    }

    #[test]
    fn quotes_are_those_that_are_rarer() {
        assert_eq!(literal(b"'''\""), "\"'''\\\"\"");
        assert_eq!(literal(b"\"'\""), "'\"\\'\"'");
    }
}
