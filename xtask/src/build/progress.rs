//! What is going on, and for how long, on standard error.

use std::time::{Duration, Instant};

/// Announces steps and says how long each took.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    began: Instant,
}

impl Progress {
    /// Starts the clock.
    pub fn start() -> Progress {
        Progress { began: Instant::now() }
    }

    /// Runs a step between its two lines.
    ///
    /// # Errors
    /// What the step itself returns.
    pub fn step<T, E>(&self, name: &str, step: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        eprintln!("==> {name}");
        let began = Instant::now();
        let result = step();
        let outcome = if result.is_ok() { "done" } else { "FAILED" };
        eprintln!(
            "    {outcome}: {name} ({}, {} in all)",
            seconds(began.elapsed()),
            seconds(self.began.elapsed())
        );
        result
    }

    /// Says something in passing.
    pub fn note(&self, text: &str) {
        eprintln!("    {text}");
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
