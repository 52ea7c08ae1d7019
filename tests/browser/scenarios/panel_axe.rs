//! Whether the panel is accessible, as far as axe-core can tell: every pane, in both themes.

use anyhow::{Context, Result};
use atelier_tests::Scene;
use chromiumoxide::cdp::browser_protocol::page::SetBypassCspParams;
use serde::Deserialize;
use xtask::Project;

/// Where `cargo xtask test` puts axe-core.
const AXE: &str = "target/axe/node_modules/axe-core/axe.min.js";

#[derive(Debug, Deserialize)]
struct Report {
    passes: usize,
    violations: Vec<String>,
}

/// Whether axe-core could be fetched; without it there is nothing to run.
pub(crate) fn is_there(project: &Project) -> bool {
    project.path(AXE).is_file()
}

const THEMES: [&str; 2] = ["light", "dark"];
const DRIVE: &str = "import('/tests/panel_axe.js').then(drive => drive.open())";

async fn inject(scene: &Scene, axe: &str) -> Result<()> {
    scene.tab.eval::<Option<bool>>(&format!("{{ {axe}; null }}")).await?;
    Ok(())
}

fn nothing_grave(report: &Report, what: &str) {
    assert!(report.passes > 5, "{what}: axe looked at it");
    assert!(report.violations.is_empty(), "{what}:\n{}", report.violations.join("\n"));
}

/// Nothing serious or critical, on any pane, live and of a recording, and in the page that opens recordings.
pub(crate) async fn finds_nothing_serious(scene: &Scene) -> Result<()> {
    let axe = std::fs::read_to_string(scene.project.path(AXE)).context("axe-core is not there")?;
    // axe-core itself does what the policy forbids; that the panel does not is seen by every other test.
    scene.tab.page().execute(SetBypassCspParams::new(true)).await?;
    scene.tab.goto("/tests/case.html").await?;
    inject(scene, &axe).await?;
    let panes: Vec<String> = scene.tab.eval(DRIVE).await?;
    assert!(panes.len() >= 4, "{panes:?}");
    for replays in [false, true] {
        if replays {
            scene.tab.eval::<bool>("driven.replay()").await?;
        }
        for theme in THEMES {
            for pane in &panes {
                let report = scene.tab.eval(&format!("driven.look({pane:?}, {theme:?})")).await?;
                nothing_grave(&report, &format!("{pane}, {theme}, recorded: {replays}"));
            }
        }
    }
    scene.tab.goto("/atelier/devtools.html").await?;
    inject(scene, &axe).await?;
    for theme in THEMES {
        let look = format!("import('/tests/panel_axe.js').then(drive => drive.alone({theme:?}))");
        nothing_grave(&scene.tab.eval(&look).await?, &format!("devtools.html, {theme}"));
    }
    Ok(())
}
