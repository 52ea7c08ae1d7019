//! Time across the screen: which moment is where, and which moments are worth a line.

use super::window::Window;
use crate::model::format::clock_time;

/// Where calls are on the screen: a stretch of time over a width.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale {
    /// The left edge, milliseconds since the Unix epoch.
    pub(crate) from: f64,
    /// The right edge.
    pub(crate) to: f64,
    /// The width in CSS pixels.
    pub(crate) width: f64,
}

impl Scale {
    /// A window over a width, while the stream is at `now`.
    pub(crate) fn of(window: &Window, now: f64, width: f64) -> Scale {
        let (from, to) = window.range(now);
        Scale { from, to, width: width.max(1.0) }
    }

    /// The place of a moment.
    pub(crate) fn x(self, moment: f64) -> f64 {
        (moment - self.from) / (self.to - self.from) * self.width
    }

    /// The moment at a place.
    pub(crate) fn moment(self, x: f64) -> f64 {
        self.from + x / self.width * (self.to - self.from)
    }

    /// Both edges of a stretch of time, cut a little beside the width: a canvas has no use for what is far away.
    pub(crate) fn clip(self, from: f64, to: f64) -> (f64, f64) {
        (self.x(from).max(-2.0), self.x(to).min(self.width + 2.0))
    }
}

/// Round moments to draw lines at, with their times of day.
pub(crate) fn time_ticks(scale: Scale, zone_offset_minutes: f64) -> Vec<(f64, String)> {
    const APART: f64 = 110.0;
    let wanted = (scale.to - scale.from) * APART / scale.width.max(1.0);
    if !wanted.is_finite() || wanted <= 0.0 {
        return Vec::new();
    }
    let power = 10f64.powf(wanted.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= wanted);
    // Beyond seconds, people read sixties.
    let sixties = [10_000.0, 15_000.0, 30_000.0, 60_000.0, 120_000.0, 300_000.0, 600_000.0, 1_800_000.0];
    let round =
        if wanted > 5_000.0 { sixties.into_iter().find(|step| *step >= wanted).or(step) } else { step };
    let step = round.unwrap_or(wanted);
    let first = (scale.from / step).ceil() as i64;
    let last = (scale.to / step).floor() as i64;
    (first..=last.min(first.saturating_add(100)))
        .map(|place| {
            let moment = place as f64 * step;
            (scale.x(moment), tick_label(moment, step, zone_offset_minutes))
        })
        .collect()
}

/// A time of day with as many places as tell it from the next, `step` milliseconds later.
fn tick_label(moment: f64, step: f64, zone_offset_minutes: f64) -> String {
    let places = (-step.log10()).ceil().clamp(0.0, 3.0);
    let parts = 10f64.powf(places);
    let rounded = (moment * parts).round();
    let millis = (rounded / parts).floor();
    let time = clock_time(millis, zone_offset_minutes);
    if step >= 1_000.0 {
        time.chars().take("00:00:00".len()).collect()
    } else if places > 0.0 {
        let (rest, width) = (rounded - millis * parts, places as usize);
        format!("{time}{rest:0width$.0}")
    } else {
        time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale { from: 0.0, to: 1000.0, width: 1000.0 };

    #[test]
    fn a_place_leads_back_to_its_moment() {
        let scale = Scale { from: 500.0, to: 700.0, width: 400.0 };
        assert_eq!((scale.x(600.0), scale.moment(200.0)), (200.0, 600.0));
        assert_eq!(scale.clip(0.0, 600.0), (-2.0, 200.0));
    }

    #[test]
    fn ticks_are_round_and_bounded() {
        let labels: Vec<_> = time_ticks(SCALE, 0.0).into_iter().map(|tick| tick.1).collect();
        assert_eq!(labels.first().map(String::as_str), Some("00:00:00.000"));
        assert_eq!(labels.len(), 6);
        let minutes = time_ticks(Scale { from: 0.0, to: 60_000.0, width: 700.0 }, 0.0);
        assert_eq!(minutes[1].1, "00:00:10");
        let near = Scale { from: 1_767_225_600_000.0, to: 1_767_225_600_000.1, width: 1000.0 };
        let labels: Vec<_> = time_ticks(near, 0.0).into_iter().map(|tick| tick.1).collect();
        assert_eq!(labels[..3], ["00:00:00.00000", "00:00:00.00002", "00:00:00.00004"]);
        assert!(time_ticks(Scale { from: 0.0, to: 0.0, width: 0.0 }, 0.0).is_empty());
        assert!(time_ticks(Scale { from: 0.0, to: 1.0, width: 1e9 }, 0.0).len() <= 101);
    }
}
