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

const DRIVE: &str = "import('/tests/panel_axe.js').then(drive => drive.open())";

/// Nothing serious or critical, on any pane.
pub(crate) async fn finds_nothing_serious(scene: &Scene) -> Result<()> {
    let axe = std::fs::read_to_string(scene.project.path(AXE)).context("axe-core is not there")?;
    // axe-core itself does what the policy forbids; that the panel does not is seen by every other test.
    scene.tab.page().execute(SetBypassCspParams::new(true)).await?;
    scene.tab.goto("/tests/case.html").await?;
    scene.tab.eval::<Option<bool>>(&format!("{{ {axe}; null }}")).await?;
    let panes: Vec<String> = scene.tab.eval(DRIVE).await?;
    assert!(panes.len() >= 4, "{panes:?}");
    for theme in ["light", "dark"] {
        for pane in &panes {
            let report: Report = scene.tab.eval(&format!("driven.look({pane:?}, {theme:?})")).await?;
            assert!(report.passes > 5, "{pane}, {theme}: axe looked at it");
            assert!(report.violations.is_empty(), "{pane}, {theme}:\n{}", report.violations.join("\n"));
        }
    }
    Ok(())
}
