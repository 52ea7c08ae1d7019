//! What may outlive the page: browsers allow little of it.

use std::cell::Cell;

/// Browsers let at most 64 KiB of bodies outlive a page, of all its scripts together.
const MAX_KEEPALIVE_BYTES: usize = 60 * 1024;
/// How many requests of ours may outlive a page.
const MAX_KEEPALIVE_REQUESTS: usize = 9;

thread_local! {
    /// Bytes and requests out with `keepalive`: the limits are the page's, not an exporter's.
    static KEPT_ALIVE: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

/// Holds a part of what may outlive the page.
pub(super) struct KeepAlive(usize);

impl KeepAlive {
    pub(super) fn take(bytes: usize) -> Option<KeepAlive> {
        let (held, requests) = KEPT_ALIVE.get();
        if held + bytes > MAX_KEEPALIVE_BYTES || requests >= MAX_KEEPALIVE_REQUESTS {
            return None;
        }
        KEPT_ALIVE.set((held + bytes, requests + 1));
        Some(KeepAlive(bytes))
    }
}

impl Drop for KeepAlive {
    fn drop(&mut self) {
        let (held, requests) = KEPT_ALIVE.get();
        KEPT_ALIVE.set((held - self.0, requests - 1));
    }
}
