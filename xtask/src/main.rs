//! Atelier's build, demo, tests and packaging.

fn main() {}
