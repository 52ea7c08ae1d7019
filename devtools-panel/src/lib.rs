//! Atelier's panel in the page.
