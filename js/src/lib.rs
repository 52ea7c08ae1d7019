//! Atelier's npm package.
