//! What the core promises, told through its public face in virtual time, one file a behaviour.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop right there"
)]

mod abort;
mod choice;
mod clocks;
mod clues;
mod crash;
mod facts;
mod keys;
mod lifecycle;
mod liveness;
mod nonsense;
mod priority;
mod queue;
mod timers;
mod world;
