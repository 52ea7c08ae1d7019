//! Time while a recording plays: which of its moments is due at a time of the clock.

/// How many times as fast as it was a recording can be played.
pub(crate) const SPEEDS: [u32; 3] = [1, 4, 16];

/// What plays, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Playback {
    from: f64,
    to: f64,
    speed: u32,
    /// The moment at which it began to play, and the time of the clock then; absent while it stands.
    since: Option<(f64, f64)>,
}

impl Playback {
    /// A recording from one moment to another, both in milliseconds since the Unix epoch.
    pub(super) fn new(from: f64, to: f64) -> Playback {
        Playback { from, to, speed: SPEEDS[0], since: None }
    }

    /// Its first moment and its last.
    pub(super) fn span(&self) -> (f64, f64) {
        (self.from, self.to)
    }

    pub(super) fn plays(&self) -> bool {
        self.since.is_some()
    }

    pub(super) fn speed(&self) -> u32 {
        self.speed
    }

    /// Plays from a moment on, which is due at a time of the clock; or stops.
    pub(super) fn play(&mut self, since: Option<(f64, f64)>) {
        self.since = since;
    }

    /// Takes one of the speeds there are.
    pub(super) fn set_speed(&mut self, speed: u32) {
        if SPEEDS.contains(&speed) {
            self.speed = speed;
        }
    }

    /// The moment that is due, while it plays.
    pub(super) fn moment(&self, now: f64) -> Option<f64> {
        let (from, begun) = self.since?;
        let moment = from + (now - begun).max(0.0) * f64::from(self.speed);
        Some(if moment < self.to { moment } else { self.to })
    }
}

/// A length of time for people: `12.3 s`, `4:05`, `1:02:03`.
pub(crate) fn length(milliseconds: f64) -> String {
    if !(milliseconds.is_finite() && milliseconds >= 0.0) {
        return "–".to_owned();
    }
    let seconds = (milliseconds / 1e3) as u64;
    match seconds {
        0..60 => format!("{:.1} s", (milliseconds / 100.0).floor() / 10.0),
        60..3_600 => format!("{}:{:02}", seconds / 60, seconds % 60),
        _ => format!("{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_for_people() {
        let lengths = [0.0, 12_345.0, 59_999.0, 60_000.0, 245_000.0, 3_723_000.0, f64::NAN, -1.0].map(length);
        assert_eq!(lengths, ["0.0 s", "12.3 s", "59.9 s", "1:00", "4:05", "1:02:03", "–", "–"]);
    }

    #[test]
    fn a_clock_that_goes_back_and_an_endless_wait_stay_within_the_recording() {
        let mut playback = Playback::new(1_000.0, 2_000.0);
        playback.play(Some((1_000.0, 50.0)));
        assert_eq!(
            [0.0, 50.0, 60.0, 1e9, f64::NAN].map(|now| playback.moment(now).unwrap_or(f64::NAN)),
            [1_000.0, 1_000.0, 1_010.0, 2_000.0, 1_000.0]
        );
        playback.set_speed(3);
        assert_eq!(playback.speed(), 1, "there is no such speed");
        playback.play(None);
        assert_eq!(playback.moment(60.0), None);
    }
}
