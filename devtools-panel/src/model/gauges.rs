//! A number against its limit, as a bar shows it.

/// A current number and the limit it may reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gauge {
    /// The number now.
    pub(crate) value: u64,
    /// Its limit; `None` when it has none.
    pub(crate) limit: Option<u64>,
}

impl Gauge {
    /// How much of the bar is filled, 0 to 1. Without a limit the bar approaches its end and never reaches it.
    pub(crate) fn fill(self) -> f64 {
        match self.limit {
            Some(0) => f64::from(u8::from(self.value > 0)),
            Some(limit) => (self.value as f64 / limit as f64).min(1.0),
            None => self.value as f64 / (self.value as f64 + 10.0),
        }
    }

    /// Whether the limit is reached.
    pub(crate) fn is_full(self) -> bool {
        self.value > 0 && self.limit.is_some_and(|limit| self.value >= limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_never_overfull() {
        let gauge = |value, limit| Gauge { value, limit };
        assert_eq!(gauge(2, Some(4)).fill(), 0.5);
        assert_eq!(gauge(9, Some(4)).fill(), 1.0);
        assert_eq!(gauge(0, Some(0)).fill(), 0.0);
        assert_eq!(gauge(1, Some(0)).fill(), 1.0);
        assert!(gauge(u64::MAX, None).fill() <= 1.0);
        assert!(gauge(4, Some(4)).is_full() && !gauge(0, Some(0)).is_full() && !gauge(9, None).is_full());
    }
}
