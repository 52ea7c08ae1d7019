//! The time of day, for those who have no other clock at hand.
//!
//! It is the runtime's: counted from `performance.timeOrigin`, until the machine sleeps and the browser's clock with it, or its
//! clock is set. Both find that out by the same rule ([`atelier_core::Epoch`]), and what the runtime knows it tells.

/// Now, in nanoseconds since the Unix epoch, on the clock that records are told by.
pub fn unix_nano_now() -> u64 {
    #[cfg(target_arch = "wasm32")]
    return crate::web::unix_nano_now();
    #[cfg(not(target_arch = "wasm32"))]
    return {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    };
}

/// The runtime counts from this now.
pub(crate) fn count_from(origin_unix_nano: u64) {
    #[cfg(target_arch = "wasm32")]
    crate::web::count_from(origin_unix_nano);
    // Outside of a browser the time of day is the system's.
    #[cfg(not(target_arch = "wasm32"))]
    let _ = origin_unix_nano;
}

/// Now, in milliseconds since the page began, on a clock that is never set and that nobody replaces.
#[cfg(target_arch = "wasm32")]
pub fn monotonic_ms_now() -> f64 {
    crate::web::monotonic_ms_now()
}
