//! The server over real sockets: the receiver, what it passes on, and the pages.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop right there")]

mod careful;
mod faults;
mod forward;
mod json;
mod receiver;
mod receiver_refuses;
mod site;
mod support;
