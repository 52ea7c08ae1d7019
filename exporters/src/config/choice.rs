//! The options that are one of a few names.

use std::fmt;

/// A choice: its name in options and variables, both ways.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)+
        }

        impl $name {
            /// Every choice's name.
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// Its name in options and in `OTEL_…` settings.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The choice with this name.
            pub fn from_name(name: &str) -> Option<$name> {
                match name { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}

choice! {
    /// Whether sums and histograms count from the beginning or from the last export. Gauges have no temporality, and the
    /// runtime has no counters that go down, which would stay cumulative.
    Temporality {
        /// From the beginning: a lost export costs nothing but resolution.
        #[default]
        Cumulative = "cumulative",
        /// From the last export: what is lost stays lost, and is counted.
        Delta = "delta",
    }
}

choice! {
    /// How requests are written (OTLP specification, "OTLP/HTTP").
    Protocol {
        /// As protobuf: the smaller and faster one, which every collector takes.
        #[default]
        HttpProtobuf = "http/protobuf",
        /// As JSON: for receivers without protobuf, and for people who read along.
        HttpJson = "http/json",
    }
}

impl Protocol {
    /// The `Content-Type` of requests.
    pub const fn content_type(self) -> &'static str {
        match self {
            Protocol::HttpProtobuf => "application/x-protobuf",
            Protocol::HttpJson => "application/json",
        }
    }
}

choice! {
    /// Whether bodies are compressed.
    Compression {
        /// They are sent as they are.
        #[default]
        None = "none",
        /// They are sent as gzip where the browser can compress and the page is not about to go.
        Gzip = "gzip",
    }
}

choice! {
    /// How a call's phases are sent.
    PhaseExport {
        /// As attributes of the call's span, `atelier.phase.NAME`, in seconds.
        #[default]
        Attributes = "attributes",
        /// As spans beneath the call's, named after their phases; a handler's own spans then lie beneath `run`.
        Spans = "spans",
    }
}

choice! {
    /// Whether the page's cookies, and what else identifies its visitor, go along (Fetch, "credentials mode").
    Credentials {
        /// Never.
        Omit = "omit",
        /// To the page's own origin. A collector elsewhere is authorised by headers, and the page's cookies are none of its
        /// business; one behind the page's own server may be reachable only for those who are signed in there.
        #[default]
        SameOrigin = "same-origin",
        /// To wherever the collector is, which must allow it.
        Include = "include",
    }
}
