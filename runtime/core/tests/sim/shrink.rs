//! A failing plan made smaller: steps are left out as long as it still fails.

use crate::plan::Plan;

/// Runs spent on making one plan smaller, at most.
const PATIENCE: usize = 3_000;

/// Which steps of the plan are enough for it to fail, in their order.
pub(crate) fn shrink(plan: &Plan, fails: impl Fn(&Plan) -> bool) -> Vec<usize> {
    let mut kept: Vec<usize> = (0..plan.steps.len()).collect();
    let mut runs = 0;
    let mut still_fails = |kept: &[usize]| {
        runs += 1;
        runs < PATIENCE && fails(&only(plan, kept))
    };
    let mut chunk = kept.len().div_ceil(2);
    while chunk > 0 {
        let mut at = 0;
        let before = kept.len();
        while at < kept.len() {
            let end = (at + chunk).min(kept.len());
            let fewer = [&kept[..at], &kept[end..]].concat();
            if still_fails(&fewer) {
                kept = fewer;
            } else {
                at = end;
            }
        }
        // One by one until nothing more can go.
        chunk = if chunk == 1 && kept.len() < before { 1 } else { chunk / 2 };
    }
    kept
}

/// The plan with these steps only.
pub(crate) fn only(plan: &Plan, kept: &[usize]) -> Plan {
    plan.with_steps(kept.iter().filter_map(|&at| plan.steps.get(at).copied()).collect())
}

/// Steps as a command line says them: `0-4,9`.
pub(crate) fn to_list(steps: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for &step in steps {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == step => *last = step,
            _ => ranges.push((step, step)),
        }
    }
    let words = ranges
        .into_iter()
        .map(|(first, last)| if first == last { first.to_string() } else { format!("{first}-{last}") });
    words.collect::<Vec<_>>().join(",")
}

/// What [`to_list`] wrote.
pub(crate) fn from_list(list: &str) -> Option<Vec<usize>> {
    let mut steps = Vec::new();
    for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        steps.extend(first.parse::<usize>().ok()?..=last.parse::<usize>().ok()?);
    }
    Some(steps)
}
