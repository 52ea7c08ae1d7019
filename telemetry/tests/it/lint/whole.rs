//! The linter as a whole: when it judges, what it forgets, where it is described.

use std::path::Path;

use atelier_core::{AbortReason, Outcome};
use atelier_telemetry::Telemetry;
use atelier_telemetry::lint::{FindingKind, Severity};

use super::page::*;
use crate::support::*;

const FULL: Gauges = Gauges { in_flight: 4, pending: 8, waiting: 3, workers: 4 };

/// A page that shows a saturated queue.
fn saturated<T>(then: impl FnOnce(&mut Page, &Telemetry) -> T) -> T {
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        let mut page = Page::new(&telemetry, 0.0, POOL);
        page.until(true, FindingKind::QueueSaturated, SOON, |page| page.gauges(FULL)).unwrap();
        then(&mut page, &telemetry)
    })
}

#[test]
fn findings_are_in_every_frame() {
    saturated(|page, telemetry| {
        let mut frames = telemetry.frames(RUNTIME, "panel");
        let now_ms = page.time() as f64 / 1e6;
        for _ in 0..2 {
            assert_eq!(frames.next(now_ms, Vec::new()).findings, page.findings());
        }
        assert!(!page.findings().is_empty());
    });
}

#[test]
fn evidence_is_judged_once_a_second() {
    saturated(|page, _| {
        let first = page.findings();
        page.now += 0.5;
        assert_eq!(page.findings(), first);
        page.now += 0.6;
        assert_ne!(page.findings(), first);
    });
}

#[test]
fn nothing_is_known_when_nobody_watches() {
    saturated(|page, _| {
        page.metrics_stopped();
        assert_eq!(page.findings(), []);
        page.now += 5.0;
        assert_eq!(page.findings(), [], "the gauges of that time hold no longer");
    });
    saturated(|page, telemetry| {
        telemetry.set_aggregating(RUNTIME, false);
        assert_eq!(page.findings(), []);
        page.gauges(FULL);
        page.now += 5.0;
        assert_eq!(page.findings(), []);
    });
}

#[test]
fn a_disposed_task_has_no_findings() {
    saturated(|page, _| {
        dispose(TASK);
        page.gauges(FULL);
        page.now += 5.0;
        assert_eq!(page.findings(), []);
        assert_eq!(page.telemetry.findings(RUNTIME + 1, page.time()), [], "nor has a runtime that is none");
    });
}

#[test]
fn the_worst_come_first() {
    saturated(|page, _| {
        page.until(true, FindingKind::AlwaysTimesOut, SOON, |page| page.cancel(AbortReason::Timeout))
            .unwrap();
        let severities: Vec<String> = page.findings().into_iter().map(|finding| finding.severity).collect();
        assert!(severities.len() > 1 && severities[0] == Severity::Error.name(), "{severities:?}");
    });
}

#[test]
fn a_page_that_is_well_has_no_findings() {
    let mut random = Random::seeded(5);
    let telemetry = Telemetry::new();
    listening(&telemetry, || {
        let mut page =
            Page::new(&telemetry, 0.3, Define { timeout: Some(1.0), idle_timeout: Some(5.0), ..POOL });
        let mut busy = |page: &Page| {
            let in_flight = 1 + random.below(4);
            page.gauges(Gauges {
                in_flight,
                pending: if in_flight == 4 { random.below(5) } else { 0 },
                waiting: 0,
                workers: 4,
            });
            page.start();
            match random.below(20) {
                0 => page.cancel(AbortReason::Timeout),
                1 => page.cancel(AbortReason::Key),
                2 => page.end(Outcome::Error),
                _ => page.answer(0.001, 0.05, 0.002),
            }
        };
        for _ in 0..600 {
            page.until(false, FindingKind::QueueSaturated, 0.0, &mut busy);
            assert_eq!(page.findings(), []);
        }
    });
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

#[test]
fn the_docs_have_every_finding() {
    let rows = FindingKind::ALL
        .iter()
        .map(|kind| format!("| `{}` | {} | {} |\n", kind.id(), kind.severity().name(), kind.description()));
    let table =
        format!("| Finding | Severity | What is the matter |\n|---|---|---|\n{}", rows.collect::<String>());
    assert!(read("docs/findings.md").contains(&table), "docs/findings.md should have this table:\n{table}");
}

#[test]
fn the_types_of_the_package_have_every_finding() {
    let types = read("js/npm/index.d.ts");
    let from = types.find("export type FindingId =").unwrap();
    let declared = &types[from..from + types[from..].find(';').unwrap()];
    let declared: Vec<&str> = declared.split('\'').skip(1).step_by(2).collect();
    let ids: Vec<&str> = FindingKind::ALL.iter().map(|kind| kind.id()).collect();
    assert_eq!(declared, ids);
    assert!(ids.iter().all(|id| FindingKind::from_id(id).is_some_and(|kind| kind.id() == *id)));
}
