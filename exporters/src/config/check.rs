//! What is checked about values, wherever they come from: options and variables name them differently.

/// The longest time any option takes: a day, in milliseconds. Timers of browsers go a little further.
pub(super) const MAX_MS: u32 = 86_400_000;
/// The most spans any option takes: above it a page would run out of memory first.
pub(super) const MAX_SPANS: u32 = 1_048_576;
/// The most bytes any option takes: above it a page would run out of memory first.
pub(super) const MAX_BYTES: u32 = 256 * 1024 * 1024;

/// What the exporter sets itself and what `fetch` forbids.
const RESERVED_HEADERS: [&str; 7] =
    ["content-type", "content-encoding", "content-length", "host", "connection", "origin", "cookie"];

/// What an address is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// Something is appended to it.
    Base,
    /// It is used as it is.
    Whole,
}

/// What is wrong with an address, if anything.
pub(super) fn endpoint(endpoint: &str, address: Address) -> Result<(), &'static str> {
    if endpoint.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("holds a space or a control character");
    }
    if endpoint.contains('#') || (address == Address::Base && endpoint.contains('?')) {
        return Err("holds a query or a fragment, after which no path can be appended");
    }
    if endpoint.starts_with('/') && !endpoint.starts_with("//") {
        return Ok(());
    }
    let lower = endpoint.to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://")) else {
        return Err("begins neither with http:// or https:// nor with a single /");
    };
    let host = rest.split(['/', '?']).next().unwrap_or("");
    if host.contains('@') {
        return Err("holds a user name or password, which fetch refuses (use `headers`)");
    }
    if host.is_empty() || host.starts_with(':') {
        return Err("has no host");
    }
    Ok(())
}

/// What is wrong with a header, if anything.
pub(super) fn header(name: &str, value: &str) -> Result<(), &'static str> {
    // RFC 9110, section 5.6.2 "Tokens".
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || !name.chars().all(token) {
        return Err("has a name with other characters than HTTP allows; correct it");
    }
    if RESERVED_HEADERS.iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
        return Err("is set by the exporter or the browser; leave it out");
    }
    // `fetch` takes Latin-1 without line ends.
    if value.chars().any(|c| c.is_control() && c != '\t' || u32::from(c) > 0xff) {
        return Err("has a value with a control character or one outside Latin-1; encode it");
    }
    Ok(())
}
