//! Tests in JavaScript: every exported function of the modules in `tests/pages/cases`.

use std::sync::Arc;

use anyhow::{Context, Result, bail};
use libtest_mimic::Trial;
use serde::Deserialize;

use crate::{Lab, Scene};

/// What `case.js` reports.
#[derive(Debug, Deserialize)]
struct Report {
    ok: bool,
    #[serde(default)]
    error: String,
}

/// Finds all of them. The browser itself says what a module exports; one that cannot be imported, or exports no case,
/// is a test that fails.
///
/// # Errors
/// The folder cannot be read.
pub fn case_trials(lab: &Arc<Lab>) -> Result<Vec<Trial>> {
    let folder = lab.project().path("tests/pages/cases");
    let mut modules = Vec::new();
    for entry in std::fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        modules.extend(name.strip_suffix(".js").map(str::to_owned));
    }
    modules.sort();
    Ok(modules.into_iter().flat_map(|module| trials_of(lab, module)).collect())
}

fn trials_of(lab: &Arc<Lab>, module: String) -> Vec<Trial> {
    match lab.run(&format!("{module}::import"), async |scene: &Scene| exported(scene, &module).await) {
        Ok(cases) => cases.into_iter().map(|case| trial(lab, &module, case)).collect(),
        Err(failed) => vec![Trial::test(format!("{module}::import"), move || Err(failed))],
    }
}

async fn exported(scene: &Scene, module: &str) -> Result<Vec<String>> {
    scene.tab.goto("/tests/case.html").await?;
    let listing = format!(
        "import('/tests/cases/{module}.js').then(module => \
         Object.keys(module).filter(name => typeof module[name] === 'function'))"
    );
    let cases: Vec<String> = scene.tab.eval(&listing).await?;
    if cases.is_empty() {
        bail!("tests/pages/cases/{module}.js exports no function");
    }
    Ok(cases)
}

fn trial(lab: &Arc<Lab>, module: &str, case: String) -> Trial {
    let module = module.to_owned();
    lab.trial(&format!("{module}::{case}"), async move |scene: &Scene| run_case(scene, &module, &case).await)
}

async fn run_case(scene: &Scene, module: &str, case: &str) -> Result<()> {
    scene.tab.goto(&format!("/tests/case.html?module={module}&case={case}")).await?;
    let report: Report =
        scene.tab.eval("globalThis.caseReport").await.context("the case's page did not start")?;
    if report.ok { Ok(()) } else { bail!(report.error) }
}
