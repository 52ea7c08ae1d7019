//! How much of texts is kept.

/// How many characters of an error, or of a text in an event, are kept; the rest is cut, and an ellipsis says so.
pub(crate) const DEFAULT_CHARACTERS_KEPT: usize = 16_384;
/// How many characters of a name are kept. Nobody can tell longer ones apart anyway.
pub(crate) const DEFAULT_NAME_CHARACTERS_KEPT: usize = 1_024;

/// Cuts a text after so many characters. Line breaks stay: whoever opens it wants to see it as it was.
pub(crate) fn shorten(text: &mut String, characters: usize) {
    // No text has more characters than bytes.
    if text.len() > characters
        && let Some((end, _)) = text.char_indices().nth(characters)
    {
        text.truncate(end);
        text.push('…');
    }
}

/// The bytes of texts that may be missing.
pub(crate) fn bytes_of<'a>(texts: impl IntoIterator<Item = Option<&'a String>>) -> usize {
    texts.into_iter().flatten().map(String::len).sum()
}
