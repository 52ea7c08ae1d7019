//! The OTLP exporter of a page.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use atelier_telemetry::Telemetry;
use atelier_telemetry::frame::LedgerRow;
use js_sys::Function;

use super::driver::Driver;
use crate::config::OtlpConfig;
use crate::error::ConfigError;

/// How many exporters were started, to tell them apart in the ledger.
static STARTED: AtomicU64 = AtomicU64::new(0);

/// Sends one runtime's telemetry to a collector over OTLP/HTTP, until it is shut down or its last clone is dropped
/// (then what is pending is dropped, counted as `shutdown`). It works by itself; nothing it does blocks, and nothing
/// that happens to it is an error of the page: see [`OtlpExporter::ledger`].
#[derive(Clone, Debug)]
pub struct OtlpExporter {
    driver: Rc<Driver>,
}

impl OtlpExporter {
    /// Starts to export a runtime's telemetry. The ledger calls the exporter `otlp:1`, the next one `otlp:2`.
    ///
    /// # Errors
    /// [`ConfigError`] when an option makes no sense. A collector that cannot be reached is none: it may come back.
    pub fn start(
        telemetry: &Telemetry,
        runtime: u64,
        config: OtlpConfig,
    ) -> Result<OtlpExporter, ConfigError> {
        OtlpExporter::launch(telemetry, runtime, &config, None)
    }

    /// The same with a `fetch` of the page's own: the browser's as it was before somebody wrapped it, or a stand-in. It is
    /// called as `fetch(url, init)`. What it throws or answers is no error of the page: what has a status is an answer,
    /// all else is none.
    ///
    /// # Errors
    /// As [`OtlpExporter::start`].
    pub fn start_with_fetch(
        telemetry: &Telemetry,
        runtime: u64,
        config: OtlpConfig,
        fetch: Function,
    ) -> Result<OtlpExporter, ConfigError> {
        OtlpExporter::launch(telemetry, runtime, &config, Some(fetch))
    }

    fn launch(
        telemetry: &Telemetry,
        runtime: u64,
        config: &OtlpConfig,
        fetch: Option<Function>,
    ) -> Result<OtlpExporter, ConfigError> {
        config.validate()?;
        let consumer = format!("otlp:{}", STARTED.fetch_add(1, Ordering::Relaxed) + 1);
        Ok(OtlpExporter { driver: Driver::start(telemetry, runtime, &consumer, config, fetch)? })
    }

    /// Records may have come: with this a full batch leaves in the next idle moment, without it when its time has come.
    /// Costs little when there are none.
    pub fn poke(&self) {
        self.driver.poke();
    }

    /// Sends what is queued of every signal, metrics included. Resolves when each item has been delivered, rejected or
    /// dropped, or the collector has failed once and the rest stays pending; after
    /// [`DEFAULT_FLUSH_TIMEOUT_MS`](crate::pipeline::DEFAULT_FLUSH_TIMEOUT_MS) in any case. Begins at once, awaited
    /// or not.
    pub fn flush(&self) -> impl Future<Output = ()> + use<> {
        let over = self.driver.wait_for(|pipeline, now| pipeline.flush(now));
        async move {
            // A driver that is gone is over too.
            let _ = over.await;
        }
    }

    /// Flushes, then stops for good. What could not be delivered is stored for whoever comes, counted as `handed_over`, or
    /// dropped, counted as `shutdown`, where there is no durable queue or storage does not take it within
    /// [`DEFAULT_STORE_TIMEOUT_MS`](crate::pipeline::DEFAULT_STORE_TIMEOUT_MS). Begins at once, awaited or not.
    pub fn shutdown(&self) -> impl Future<Output = ()> + use<> {
        let over = self.driver.wait_for(|pipeline, now| pipeline.shutdown(now));
        async move {
            // A driver that is gone is over too.
            let _ = over.await;
        }
    }

    /// What became of everything so far, by signal; after a shutdown, as it was then.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        self.driver.ledger()
    }
}
