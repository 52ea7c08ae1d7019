//! Where a signal is sent and how: what is given for all signals, and what for one of them.

use std::fmt;

use super::{Compression, Credentials, Headers, Protocol};

/// What may be given for all signals or for one. `None` means not given. `Debug` shows no header's value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct SignalConfig {
    /// The address. For all signals it is a base, to which `v1/traces` and its siblings are appended; for one signal it
    /// is used as it is.
    pub endpoint: Option<String>,
    /// Headers. Those of a signal take the place of those for all: a key for one collector is not another's.
    pub headers: Option<Headers>,
    /// Whether the page's cookies go along.
    pub credentials: Option<Credentials>,
    /// How requests are written.
    pub protocol: Option<Protocol>,
    /// Whether bodies are compressed.
    pub compression: Option<Compression>,
    /// How long a request may take, in milliseconds.
    pub timeout_ms: Option<u32>,
    /// Characters that a value of an attribute has at most.
    pub attribute_value_length_limit: Option<u32>,
    /// Attributes that a span or a log record has at most.
    pub attribute_count_limit: Option<u32>,
}

impl SignalConfig {
    /// Takes whatever the other one has; what it has not stays.
    pub(super) fn take(&mut self, other: SignalConfig) {
        let SignalConfig {
            endpoint,
            headers,
            credentials,
            protocol,
            compression,
            timeout_ms,
            attribute_value_length_limit,
            attribute_count_limit,
        } = other;
        take(&mut self.endpoint, endpoint);
        take(&mut self.headers, headers);
        take(&mut self.credentials, credentials);
        take(&mut self.protocol, protocol);
        take(&mut self.compression, compression);
        take(&mut self.timeout_ms, timeout_ms);
        take(&mut self.attribute_value_length_limit, attribute_value_length_limit);
        take(&mut self.attribute_count_limit, attribute_count_limit);
    }

    /// Forgets whatever the other one has.
    pub(super) fn give_way_to(&mut self, other: &SignalConfig) {
        give_way(&mut self.endpoint, &other.endpoint);
        give_way(&mut self.headers, &other.headers);
        give_way(&mut self.credentials, &other.credentials);
        give_way(&mut self.protocol, &other.protocol);
        give_way(&mut self.compression, &other.compression);
        give_way(&mut self.timeout_ms, &other.timeout_ms);
        give_way(&mut self.attribute_value_length_limit, &other.attribute_value_length_limit);
        give_way(&mut self.attribute_count_limit, &other.attribute_count_limit);
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
            .field("headers", &self.headers)
            .field("credentials", &self.credentials)
            .field("protocol", &self.protocol)
            .field("compression", &self.compression)
            .field("timeout_ms", &self.timeout_ms)
            .field("attribute_value_length_limit", &self.attribute_value_length_limit)
            .field("attribute_count_limit", &self.attribute_count_limit)
            .finish()
    }
}

/// Where one signal is sent, and how. `Debug` shows no header's value.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address: absolute, or a path on the page's origin.
    pub url: String,
    /// Headers of every request.
    pub headers: Headers,
    /// Whether the page's cookies go along.
    pub credentials: Credentials,
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
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Destination")
            .field("url", &self.shown_url())
            .field("headers", &self.headers)
            .field("credentials", &self.credentials)
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
