//! What a page needs to start: nothing at the import, and a policy that allows wasm and its workers when there is work.

use anyhow::Result;
use atelier_tests::Scene;

/// Calls a handler in a page of its own policy, with a worker that `worker` makes, and says how it went.
fn calling(worker: &str) -> String {
    format!(
        "import('/atelier/index.js').then(async ({{ createTaskRuntime }}) => {{ try {{ \
         const task = createTaskRuntime().defineTask({{ type: 'singleton', worker: () => {worker} }}); \
         return String(await task.add(1, 2)); }} catch (error) {{ return error.name + ': ' + error.message; }} }})"
    )
}

const WORKER: &str = "new Worker(new URL('/tests/workers/bench.js', location.href), { type: 'module' })";

/// Every entry can be imported where nothing is allowed; the error of the first runtime says what is missing.
pub(crate) async fn says_what_the_policy_lacks(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    tab.goto("/tests/csp.html").await?;
    let entries = "Promise.all(['index', 'worker', 'wasm-worker', 'devtools', 'otlp', 'recording', 'manual']\
                   .map((entry) => import(`/atelier/${entry}.js`))).then((all) => all.length)";
    assert_eq!(tab.eval::<u32>(entries).await?, 7);
    assert_eq!(tab.console(), [""; 0]);
    let said: String = tab.eval(&calling(WORKER)).await?;
    assert_eq!(
        said,
        "Error: The content security policy forbids Atelier's wasm: add 'wasm-unsafe-eval' to its script-src"
    );
    let manual = "import('/atelier/manual.js').then(({ init }) => init()).catch((error) => error.message)";
    assert!(tab.eval::<String>(manual).await?.contains("'wasm-unsafe-eval'"));
    let panel = "import('/atelier/devtools-load.js').then(({ loadPanel }) => loadPanel()).catch((error) => error.message)";
    assert!(tab.eval::<String>(panel).await?.contains("'wasm-unsafe-eval'"));
    Ok(())
}

/// Under trusted types a worker's address has to come out of a policy; the one of the docs does.
pub(crate) async fn takes_workers_of_a_policy(scene: &Scene) -> Result<()> {
    let tab = &scene.tab;
    tab.goto("/tests/untrusted.html").await?;
    let refused: String = tab.eval(&calling(WORKER)).await?;
    assert!(refused.starts_with("TypeError:") && refused.contains("TrustedScriptURL"), "{refused}");
    let policy = "globalThis.policy = trustedTypes.createPolicy('my-workers', { createScriptURL: (address) => address }), 0";
    tab.eval::<u32>(policy).await?;
    let worker = "new Worker(policy.createScriptURL('/tests/workers/bench.js'), { type: 'module' })";
    assert_eq!(tab.eval::<String>(&calling(worker)).await?, "3");
    Ok(())
}
