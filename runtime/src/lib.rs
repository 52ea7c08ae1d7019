//! Atelier's runtime in the browser: it drives [`atelier_core`] with real workers, and gives Rust its face.
//!
//! On the page, [`TaskRuntime`] defines tasks and [`Task`] calls them. In a worker, [`worker::expose`] answers the
//! calls. What happens leaves as `tracing` events and spans under the names of [`atelier_core::names`].

mod calls;
mod clock;
mod driver;
mod emit;
mod error;
mod ids;
mod keys;
mod machine;
mod methods;
mod page_worker;
mod port;
mod runtime;
mod task;
mod trace;
mod unobserved;
mod wire;
pub mod worker;

pub use atelier_core as core;
pub use atelier_core::TaskConfig;
pub use atelier_macros::handlers;
pub use calls::Transfer;
pub use clock::Clock;
pub use emit::TraceEnd;
pub use error::{AbortCause, CallError, Crash, CrashCause, DefineError, RemoteError};
pub use page_worker::page_worker;
pub use runtime::{RuntimeConfig, TaskRuntime};
pub use task::{CallOptions, CurrentCall, Task};
pub use trace::Trace;
pub use unobserved::unobserved;
/// The browser's worker, so that whoever makes one needs no bindings of their own.
pub use web_sys::Worker;
