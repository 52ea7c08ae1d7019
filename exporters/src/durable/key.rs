//! What is known of a stored batch without reading it.

use std::fmt;
use std::str::FromStr;

use crate::signal::Signal;

/// The version of what is stored, and of the key. Whoever changes either counts on.
const VERSION: u32 = 1;

/// A batch's key in storage, which tells all about it but its bytes: who looks for batches that were left behind reads
/// keys only. It holds no header, and of the address no more than [`stored_address`] leaves of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// When the batch was made, in milliseconds since the epoch.
    pub made_ms: u64,
    /// When it was stored under this key, in milliseconds since the epoch.
    pub stored_ms: u64,
    /// The exporter it belongs to for as long as that one lives.
    pub owner: String,
    /// The owner's number for it.
    pub number: u64,
    /// What it is.
    pub signal: Signal,
    /// How many items are in it.
    pub items: u64,
    /// How long its body is.
    pub bytes: u64,
    /// The `Content-Type` of its body.
    pub content_type: String,
    /// Where it was to be sent.
    pub address: String,
}

/// Why a key cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadableKey {
    /// A newer version of the library wrote it, and can read it.
    Newer,
    /// Nobody can read it.
    Broken,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Key { made_ms, stored_ms, owner, number, signal, items, bytes, content_type, address } = self;
        let signal = signal.name();
        // Of equal length, so that keys are in the order of age.
        write!(
            f,
            "{VERSION} {made_ms:015} {stored_ms} {owner} {number} {signal} {items} {bytes} {content_type} {address}"
        )
    }
}

impl FromStr for Key {
    type Err = UnreadableKey;

    fn from_str(text: &str) -> Result<Key, UnreadableKey> {
        let version = text.split(' ').next().and_then(|version| version.parse::<u32>().ok());
        if version.is_some_and(|version| version > VERSION) {
            return Err(UnreadableKey::Newer);
        }
        let parts: Vec<&str> = text.split(' ').collect();
        let &[_, made, stored, owner, number, signal, items, bytes, content_type, address] = parts.as_slice()
        else {
            return Err(UnreadableKey::Broken);
        };
        let number_of = |text: &str| text.parse::<u64>().map_err(|_| UnreadableKey::Broken);
        let key = Key {
            made_ms: number_of(made)?,
            stored_ms: number_of(stored)?,
            owner: owner.to_owned(),
            number: number_of(number)?,
            signal: Signal::from_name(signal).ok_or(UnreadableKey::Broken)?,
            items: number_of(items)?,
            bytes: number_of(bytes)?,
            content_type: content_type.to_owned(),
            address: address.to_owned(),
        };
        // A text that reads like a key and is none would be looked for in vain.
        if key.to_string() == text { Ok(key) } else { Err(UnreadableKey::Broken) }
    }
}

/// An address as it is stored: origin and path. What stands before an `@`, and a query, may be secrets.
pub fn stored_address(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let url: String = url.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}{path}")
        }
        None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key {
            made_ms: 1_767_225_600_000,
            stored_ms: 1_767_225_600_007,
            owner: "5f0c".into(),
            number: 3,
            signal: Signal::Traces,
            items: 512,
            bytes: 40_000,
            content_type: "application/x-protobuf".into(),
            address: "https://c.example:4318/v1/traces".into(),
        }
    }

    #[test]
    fn a_key_reads_as_it_was_written_and_keys_are_in_order_of_age() {
        let text = key().to_string();
        assert_eq!(text.parse(), Ok(key()));
        let younger = Key { made_ms: 10_000_000_000_000, ..key() };
        assert!(younger.to_string() > text, "{younger} {text}");
    }

    #[test]
    fn a_key_of_a_newer_version_is_told_from_one_that_is_broken() {
        assert_eq!("2 whatever they thought of".parse::<Key>(), Err(UnreadableKey::Newer));
        let text = key().to_string();
        let broken = [
            String::new(),
            "k".into(),
            "0 0".into(),
            text.replace("traces 512", "smells 512"),
            text.replace(" 512 ", " -1 "),
            text.replace(" 3 ", " +3 "),
            text.replace(" 40000 ", " 99999999999999999999999 "),
            format!("{text} more"),
            text.replace("1 0", "one 0"),
            text[..text.len() / 2].to_owned(),
        ];
        for text in broken {
            assert_eq!(text.parse::<Key>(), Err(UnreadableKey::Broken), "{text:?}");
        }
    }

    #[test]
    fn no_secret_of_an_address_is_stored() {
        for (url, stored) in [
            ("https://c.example/v1/traces", "https://c.example/v1/traces"),
            ("https://c.example/v1/traces?key=s3cret#s3cret", "https://c.example/v1/traces"),
            ("https://me:s3cret@c.example/v1/@traces", "https://c.example/v1/@traces"),
            ("https://c.example", "https://c.example"),
            ("/otlp/v1/traces", "/otlp/v1/traces"),
            ("/otlp v1", "/otlpv1"),
        ] {
            assert_eq!(stored_address(url), stored);
        }
    }
}
