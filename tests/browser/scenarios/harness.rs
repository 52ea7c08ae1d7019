//! The harness itself, from the Rust side.

use anyhow::Result;
use atelier_tests::Scene;

pub(crate) async fn reaches_receiver(scene: &Scene) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    let status: u16 = scene
        .tab
        .eval(
            "fetch('/v1/traces', { method: 'POST', body: new Uint8Array([1]), \
             headers: { 'content-type': 'application/x-protobuf' } }).then(answer => answer.status)",
        )
        .await?;
    let received = scene.server.receiver().until(|received| received.rejected > 0).await;
    assert_eq!((status, received.rejected, received.spans), (400, 1, 0));
    Ok(())
}

pub(crate) async fn clicks_and_files(scene: &Scene) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    let _: () = scene
        .tab
        .eval(
            "{ const input = document.createElement('input'); input.type = 'file'; input.multiple = true; \
             const button = document.createElement('button'); button.textContent = 'press'; \
             button.onclick = event => { globalThis.pressed = event.isTrusted; }; \
             document.body.append(input, button); null }",
        )
        .await?;
    scene.tab.click("button").await?;
    assert!(scene.tab.until::<bool>("globalThis.pressed").await?, "a real click is trusted");
    let files = [scene.project.path("Cargo.toml"), scene.project.path("rustfmt.toml")];
    scene.tab.choose_files("input", &files).await?;
    let names: Vec<String> =
        scene.tab.eval("[...document.querySelector('input').files].map(f => f.name)").await?;
    assert_eq!(names, ["Cargo.toml", "rustfmt.toml"]);
    Ok(())
}

pub(crate) async fn console_is_heard(scene: &Scene) -> Result<()> {
    scene.tab.goto("/tests/case.html").await?;
    let _: () = scene
        .tab
        .eval(
            "{ console.warn('a word', 7); setTimeout(() => { throw new TypeError('thrown aside'); }); \
             fetch('/no-such-file'); const script = document.createElement('script'); \
             script.textContent = 'globalThis.inline = true'; document.body.append(script); null }",
        )
        .await?;
    let expected = ["warning: a word 7", "thrown aside", "/no-such-file", "Content Security Policy"];
    loop {
        let said = scene.tab.console();
        if expected.iter().all(|text| said.iter().any(|line| line.contains(text))) {
            break;
        }
        // Each look asks the page something, so that it has a turn; the watchdog bounds it.
        let inline: Option<bool> = scene.tab.eval("globalThis.inline").await?;
        assert_eq!(inline, None, "an inline script ran in spite of the policy");
    }
    Ok(())
}
