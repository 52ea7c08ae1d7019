//! A page in Rust whose workers share its compiled module.
