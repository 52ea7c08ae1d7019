//! How long to wait before a batch is sent again.

/// The wait after the first failure, in milliseconds; it doubles with each further one.
pub const DEFAULT_MIN_BACKOFF_MS: u64 = 1_000;
/// The longest wait between two attempts, in milliseconds, unless the collector asks for a longer one.
pub const DEFAULT_MAX_BACKOFF_MS: u64 = 30_000;
/// How often a batch is sent at most: over five minutes of failures. After that it is dropped, counted as
/// `retries_exhausted`, and the next one gets its turn.
pub const DEFAULT_MAX_ATTEMPTS: u32 = 16;

/// The wait after so many failures in a row, in milliseconds: exponential, and spread by `random` (from 0 up to 1)
/// over half to one and a half of it, so that pages that failed together do not come back together.
pub(super) fn wait_ms(failures: u32, random: f64) -> u64 {
    let doublings = failures.saturating_sub(1).min(16);
    let wait = (DEFAULT_MIN_BACKOFF_MS << doublings).min(DEFAULT_MAX_BACKOFF_MS);
    (wait as f64 * (0.5 + random.clamp(0.0, 1.0))) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_limit_and_are_spread() {
        let middle: Vec<u64> = (1..=8).map(|failures| wait_ms(failures, 0.5)).collect();
        assert_eq!(middle, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!((wait_ms(1, 0.0), wait_ms(1, 1.0)), (500, 1_500));
        assert_eq!(wait_ms(u32::MAX, 1.0), 45_000);
    }
}
