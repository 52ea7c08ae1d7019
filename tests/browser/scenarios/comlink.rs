//! Workers that are exposed by Comlink's `expose`, as those of the original library are.

use anyhow::Result;
use atelier_tests::Scene;
use xtask::Project;

/// Where `cargo xtask test` puts Comlink; the site serves its folder.
const COMLINK: &str = "target/bench/node_modules/comlink/dist/esm/comlink.mjs";

/// Whether Comlink could be fetched; without it there is nothing to run.
pub(crate) fn is_there(project: &Project) -> bool {
    project.path(COMLINK).is_file()
}

async fn run(scene: &Scene, what: &str) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    let done: bool =
        scene.tab.eval(&format!("import('/tests/comlinked.js').then(it => it.{what}())")).await?;
    assert!(done);
    Ok(())
}

/// Calls, cancellation and crashes, and no message of one protocol that disturbs the other.
pub(crate) async fn serves(scene: &Scene) -> Result<()> {
    run(scene, "serves").await
}

/// The page may wrap the same worker by Comlink.
pub(crate) async fn shares(scene: &Scene) -> Result<()> {
    run(scene, "shares").await
}
