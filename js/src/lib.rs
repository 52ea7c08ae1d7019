//! The npm package's wasm: what the modules in `npm/` need, and nothing more.
//!
//! Options are read, errors and snapshots are written; scheduling is the runtime's and aggregation the telemetry's.

mod aggregates;
mod black_box;
mod distribution;
mod errors;
mod events;
mod keeping;
mod listeners;
mod options;
mod otlp;
mod otlp_options;
mod page;
mod recording;
mod redaction;
mod runtime;
mod snapshot;
mod stream;
mod task;
mod telemetry;
mod trace;
