//! The stretch of time that the timeline shows.

/// How much time the timeline shows at first, in milliseconds.
pub(crate) const DEFAULT_WINDOW_MS: f64 = 10_000.0;
/// The least it can show, in milliseconds.
const LEAST_MS: f64 = 0.1;
/// The most it can show, in milliseconds: an hour.
const MOST_MS: f64 = 3_600_000.0;

/// A stretch of time that either follows the stream or stands still.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Window {
    length: f64,
    /// Where it ends; `None` while it follows the stream.
    fixed_end: Option<f64>,
}

impl Default for Window {
    fn default() -> Window {
        Window { length: DEFAULT_WINDOW_MS, fixed_end: None }
    }
}

impl Window {
    /// Its begin and end, milliseconds since the Unix epoch, when the stream is at `now`.
    pub(crate) fn range(&self, now: f64) -> (f64, f64) {
        let end = self.fixed_end.unwrap_or(now);
        (end - self.length, end)
    }

    /// How much it shows, in milliseconds.
    pub(crate) fn length(&self) -> f64 {
        self.length
    }

    /// Whether it follows the stream.
    pub(crate) fn follows(&self) -> bool {
        self.fixed_end.is_none()
    }

    /// Follows the stream, or stands still where it is.
    pub(crate) fn set_follow(&mut self, follow: bool, now: f64) {
        self.fixed_end = if follow { None } else { Some(self.fixed_end.unwrap_or(now)) };
    }

    /// Shows `factor` times as much; the moment at `anchor` (0 left, 1 right) keeps its place, except while following,
    /// when the right edge does.
    pub(crate) fn zoom(&mut self, factor: f64, anchor: f64) {
        let length = (self.length * factor).clamp(LEAST_MS, MOST_MS);
        if length.is_finite() {
            if let Some(end) = &mut self.fixed_end {
                *end -= (self.length - length) * (1.0 - anchor.clamp(0.0, 1.0));
            }
            self.length = length;
        }
    }

    /// Stands still and shows this stretch of time, as far as it is neither too short nor too long.
    pub(crate) fn show_all_of(&mut self, from: f64, to: f64) {
        let length = (to - from).clamp(LEAST_MS, MOST_MS);
        if length.is_finite() {
            (self.length, self.fixed_end) = (length, Some(to));
        }
    }

    /// Moves by a share of its length and stands still there; moved past `now`, it follows again.
    pub(crate) fn pan(&mut self, share: f64, now: f64) {
        let end = self.fixed_end.unwrap_or(now) + share * self.length;
        self.fixed_end = if end < now { Some(end) } else { None };
    }

    /// Stands still around a moment if it does not show it already. What follows the stream will soon show a moment
    /// that is still to come (frames and calls are not stamped together).
    pub(crate) fn show(&mut self, moment: f64, now: f64) {
        let (from, to) = self.range(now);
        if moment < from || (moment > to && !self.follows()) {
            self.fixed_end = Some(moment + self.length / 2.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_until_panned_and_again_when_panned_back() {
        let mut window = Window::default();
        assert_eq!(window.range(50_000.0), (40_000.0, 50_000.0));
        window.pan(-0.5, 50_000.0);
        assert_eq!(window.range(60_000.0), (35_000.0, 45_000.0));
        window.pan(5.0, 60_000.0);
        assert!(window.follows());
    }

    #[test]
    fn zoom_keeps_the_moment_under_the_cursor() {
        let mut window = Window::default();
        window.set_follow(false, 10_000.0);
        window.zoom(0.5, 0.25);
        let (from, to) = window.range(99_999.0);
        assert_eq!((from + (to - from) * 0.25, window.length()), (2_500.0, 5_000.0));
    }

    #[test]
    fn it_shows_a_stretch_as_a_whole() {
        let mut window = Window::default();
        window.show_all_of(100.0, 150.0);
        assert_eq!(window.range(99_999.0), (100.0, 150.0));
        window.show_all_of(0.0, f64::NAN);
        assert_eq!(window.range(99_999.0), (100.0, 150.0));
    }

    #[test]
    fn zoom_has_ends() {
        let mut window = Window::default();
        window.zoom(0.0, 0.5);
        assert_eq!(window.length(), LEAST_MS);
        window.zoom(1e30, 0.5);
        assert_eq!(window.length(), MOST_MS);
        window.zoom(f64::NAN, 0.5);
        assert_eq!(window.length(), MOST_MS);
    }

    #[test]
    fn showing_a_moment_moves_only_when_it_must() {
        let mut window = Window::default();
        window.show(9_000.0, 10_000.0);
        window.show(10_050.0, 10_000.0);
        assert!(window.follows());
        window.show(-90_000.0, 10_000.0);
        assert_eq!(window.range(10_000.0), (-95_000.0, -85_000.0));
    }
}
