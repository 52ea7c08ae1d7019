//! What end-to-end tests run on: one Chromium, and for each test a server and a tab of its own.
//!
//! A test in JavaScript is an exported async function of a module in `tests/pages/cases` ([`case_trials`]). A test in
//! Rust drives a [`Scene`]: its [`Tab`], and its server, whose receiver tells what arrived ([`Lab::trial`]). Since every test has its own
//! server on its own port, it has its own origin too: its own storage, and a receiver nobody else talks to.

mod artifacts;
mod bundled;
mod cases;
mod chromium;
mod console;
mod lab;
mod tab;

pub use cases::case_trials;
pub use chromium::Chromium;
pub use lab::{Lab, Scene};
pub use tab::Tab;

use std::time::Duration;

/// How long one test may take. Then it fails with a message, its tab is closed, and the next one goes on.
pub const DEFAULT_WATCHDOG: Duration = Duration::from_secs(60);
