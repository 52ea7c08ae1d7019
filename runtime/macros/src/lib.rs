//! The attribute that turns a Rust impl into a typed client and a worker dispatch table.
