//! The browser driver of Atelier's core
