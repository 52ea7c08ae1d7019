//! The time of day, for those who have no other clock at hand.

/// Now, in nanoseconds since the Unix epoch: in a browser `performance.timeOrigin + performance.now()`, which is also the
/// runtime's clock.
pub fn unix_nano_now() -> u64 {
    #[cfg(target_arch = "wasm32")]
    return crate::web::unix_nano_now();
    #[cfg(not(target_arch = "wasm32"))]
    return {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    };
}
