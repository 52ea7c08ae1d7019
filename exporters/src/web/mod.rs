//! The driver in a browser: `fetch`, timers and the page's life. The only code here that knows JavaScript.

mod answer;
mod driver;
mod environment;
mod exporter;
mod fetch;
mod gzip;
mod idle;
mod keep_alive;
mod listener;
mod locks;
mod storage;
mod vault;

pub use exporter::OtlpExporter;
