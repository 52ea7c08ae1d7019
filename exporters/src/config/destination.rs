//! Where a signal is sent and how: what is given for all signals, and what for one of them.

use std::fmt;

use super::{Compression, Protocol};

/// Bytes that a header's value has at least when it is hidden.
const SHORTEST_SECRET: usize = 8;

/// What may be given for all signals or for one. `None` means not given. `Debug` shows no header's value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignalConfig {
    /// The address. For all signals it is a base, to which `v1/traces` and its siblings are appended; for one signal it
    /// is used as it is.
    pub endpoint: Option<String>,
    /// Headers. Those of a signal take the place of those for all: a key for one collector is not another's.
    pub headers: Option<Vec<(String, String)>>,
    /// How requests are written.
    pub protocol: Option<Protocol>,
    /// Whether bodies are compressed.
    pub compression: Option<Compression>,
    /// How long a request may take, in milliseconds.
    pub timeout_ms: Option<u32>,
}

impl SignalConfig {
    /// Takes whatever the other one has; what it has not stays.
    pub(super) fn take(&mut self, other: SignalConfig) {
        let SignalConfig { endpoint, headers, protocol, compression, timeout_ms } = other;
        take(&mut self.endpoint, endpoint);
        take(&mut self.headers, headers);
        take(&mut self.protocol, protocol);
        take(&mut self.compression, compression);
        take(&mut self.timeout_ms, timeout_ms);
    }

    /// Forgets whatever the other one has.
    pub(super) fn give_way_to(&mut self, other: &SignalConfig) {
        give_way(&mut self.endpoint, &other.endpoint);
        give_way(&mut self.headers, &other.headers);
        give_way(&mut self.protocol, &other.protocol);
        give_way(&mut self.compression, &other.compression);
        give_way(&mut self.timeout_ms, &other.timeout_ms);
    }
}

fn take<T>(own: &mut Option<T>, other: Option<T>) {
    if other.is_some() {
        *own = other;
    }
}

fn give_way<T>(own: &mut Option<T>, other: &Option<T>) {
    if other.is_some() {
        *own = None;
    }
}

impl fmt::Debug for SignalConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignalConfig")
            .field("endpoint", &self.endpoint.as_deref().map(without_credentials))
            .field("headers", &self.headers.as_deref().map(names))
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}

/// Where one signal is sent, and how. `Debug` shows no header's value.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address: absolute, or a path on the page's origin.
    pub url: String,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
    /// How requests are written.
    pub protocol: Protocol,
    /// Whether bodies are compressed.
    pub compression: Compression,
    /// How long a request may take, in milliseconds.
    pub timeout_ms: u32,
}

impl Destination {
    /// The address as it may be shown.
    pub(crate) fn shown_url(&self) -> String {
        without_credentials(&self.url)
    }

    /// Writes asterisks over every header's value, and over what comes after its first word (`Bearer …`): what a collector
    /// answers is shown to people, and some repeat what they were sent. The length stays, so that it can still be decoded.
    /// Values of fewer than eight bytes are no secrets, and would be found everywhere.
    pub fn hide_secrets(&self, said: &mut [u8]) {
        for (_, value) in &self.headers {
            let credentials = value.split_once(' ').map(|(_, rest)| rest.trim());
            let secrets = std::iter::once(value.as_str()).chain(credentials);
            for secret in secrets.filter(|secret| secret.len() >= SHORTEST_SECRET) {
                hide(said, secret.as_bytes());
            }
        }
    }
}

fn hide(said: &mut [u8], secret: &[u8]) {
    let mut from = 0;
    while let Some(rest) = said.get_mut(from..)
        && let Some(at) = rest.windows(secret.len()).position(|part| part == secret)
    {
        rest.iter_mut().skip(at).take(secret.len()).for_each(|byte| *byte = b'*');
        from += at + secret.len();
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("url", &self.shown_url())
            .field("headers", &names(&self.headers))
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("timeout_ms", &self.timeout_ms)
            .finish()
    }
}

/// Headers as they may be shown: their values may be secrets.
pub(super) fn names(headers: &[(String, String)]) -> Vec<&str> {
    headers.iter().map(|(name, _)| name.as_str()).collect()
}

/// An address as it may be shown: credentials do not belong there, but somebody may have put them there, or into its query.
pub(super) fn without_credentials(endpoint: &str) -> String {
    let (endpoint, query) = endpoint.split_once('?').map_or((endpoint, ""), |(before, _)| (before, "?…"));
    let shown = match (endpoint.find("://"), endpoint.rfind('@')) {
        (Some(scheme), Some(at)) if scheme < at => {
            format!("{}://…{}", &endpoint[..scheme], &endpoint[at..])
        }
        _ => endpoint.to_owned(),
    };
    shown + query
}
