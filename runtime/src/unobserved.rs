//! Calls without a span: those that telemetry itself causes.

use std::cell::Cell;

thread_local! {
    static UNOBSERVED: Cell<bool> = const { Cell::new(false) };
}

/// Does some work; calls and traces that it begins have no span, sampled or kept, in any runtime. Whoever sends telemetry
/// does so within: what a page puts in the place of `fetch` may make calls itself, whose spans would be sent, and so on
/// without end.
pub fn unobserved<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            UNOBSERVED.set(self.0);
        }
    }
    let _restore = Restore(UNOBSERVED.replace(true));
    work()
}

/// Whether nothing that begins now has a span.
pub(crate) fn is_unobserved() -> bool {
    UNOBSERVED.get()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_ends_with_the_work_however_that_ends() {
        assert!(!is_unobserved());
        unobserved(|| {
            unobserved(|| assert!(is_unobserved()));
            assert!(is_unobserved(), "the outer work goes on");
        });
        let panicked = std::panic::catch_unwind(|| unobserved(|| panic!("on purpose")));
        assert!(panicked.is_err() && !is_unobserved());
    }
}
