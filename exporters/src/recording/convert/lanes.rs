//! Intervals on as few lanes as possible, so that on each one they lie side by side or within each other.

/// Something with a beginning and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub(super) start: u64,
    pub(super) end: u64,
    /// Intervals of one group may lie within each other; those of different ones never do.
    pub(super) group: u64,
}

/// Gives each interval its lane. The order is that of the intervals, which may be any.
pub(super) fn lanes(intervals: &[Interval]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..intervals.len()).collect();
    // The longer of two that begin together is around the other.
    order.sort_by_key(|&place| {
        let it = intervals[place];
        (it.start, std::cmp::Reverse(it.end), place)
    });
    let mut open: Vec<Vec<Interval>> = Vec::new();
    let mut lanes = vec![0; intervals.len()];
    for place in order {
        let it = intervals[place];
        let fits = |lane: &mut Vec<Interval>| {
            // What has ended is over. What ends where this begins is, too, unless this is a moment of its own group.
            let is_over = |last: &Interval| {
                last.end < it.start || (last.end == it.start && (it.end > it.start || last.group != it.group))
            };
            while lane.last().is_some_and(is_over) {
                lane.pop();
            }
            lane.last().is_none_or(|last| last.group == it.group && it.end <= last.end)
        };
        // A group stays together where it can: within its own first, then on a lane that is free.
        let own = open.iter_mut().position(|lane| fits(lane) && !lane.is_empty());
        let lane = own.or_else(|| open.iter_mut().position(fits)).unwrap_or_else(|| {
            open.push(Vec::new());
            open.len() - 1
        });
        open[lane].push(it);
        lanes[place] = lane;
    }
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(list: &[(u64, u64, u64)]) -> Vec<usize> {
        lanes(&list.iter().map(|&(start, end, group)| Interval { start, end, group }).collect::<Vec<_>>())
    }

    #[test]
    fn what_comes_one_after_the_other_shares_a_lane() {
        assert_eq!(of(&[(0, 5, 1), (5, 9, 2), (9, 9, 3), (20, 30, 4)]), [0, 0, 0, 0]);
    }

    #[test]
    fn what_overlaps_does_not_and_what_lies_within_does_only_in_its_group() {
        assert_eq!(of(&[(0, 10, 1), (5, 15, 2), (12, 14, 3)]), [0, 1, 0]);
        assert_eq!(of(&[(0, 10, 1), (2, 8, 1), (3, 4, 1), (8, 10, 1)]), [0, 0, 0, 0]);
        assert_eq!(of(&[(0, 10, 1), (2, 8, 1), (4, 9, 1)]), [0, 0, 1]);
        assert_eq!(of(&[(0, 10, 1), (2, 8, 2)]), [0, 1]);
    }

    #[test]
    fn on_no_lane_do_two_cross_whatever_comes() {
        let mut state = 1_u64;
        let mut next = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % bound
        };
        let list: Vec<Interval> = (0..400)
            .map(|_| {
                let start = next(1_000);
                Interval { start, end: start + next(50), group: next(30) }
            })
            .collect();
        let lanes = lanes(&list);
        for (a, lane) in list.iter().zip(&lanes) {
            for (b, other) in list.iter().zip(&lanes) {
                if lane == other {
                    let apart = a.end <= b.start || b.end <= a.start;
                    let within =
                        (a.start <= b.start && b.end <= a.end) || (b.start <= a.start && a.end <= b.end);
                    assert!(apart || (within && a.group == b.group), "{a:?} and {b:?} cross");
                }
            }
        }
    }
}
