//! Pictures of the panel and the tour, for those who look and for the documents. `cargo xtask screenshots` builds what
//! it needs first. The tour is driven as a visitor drives it, with faults beside its photographs, and every pane is
//! taken in both themes, at three sizes.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use atelier_tests::{Chromium, Tab};
use chromiumoxide::cdp::browser_protocol::emulation::SetDeviceMetricsOverrideParams;
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::page::ScreenshotParams;
use clap::Parser;
use xtask::{Project, ReceiverOptions, Server, ServerOptions, Site};

/// Takes pictures; the package and the tour have to be built.
#[derive(Parser)]
struct Options {
    /// Also writes the pictures that the documents use, into docs.
    #[arg(long)]
    docs: bool,
}

/// A way to have the panel: what the file is called, the page's size, the dock, the panel's size.
struct Setting {
    name: &'static str,
    page: (i64, i64),
    dock: &'static str,
    size: u32,
}

const SETTINGS: [Setting; 3] = [
    Setting { name: "1440", page: (1440, 900), dock: "bottom", size: 560 },
    Setting { name: "900", page: (900, 800), dock: "bottom", size: 560 },
    Setting { name: "right-420", page: (1440, 900), dock: "right", size: 420 },
];
const THEMES: [&str; 2] = ["light", "dark"];
/// The panes whose pictures the documents use, and their files.
const FOR_DOCS: [(&str, &str); 2] = [("timeline", "panel.png"), ("queues", "panel-queues.png")];

/// Two photographs of every kind, one that is none, a crowd that is turned away, crashes, and calls that are cancelled.
const LOAD: &str = "import('/tests/screenshots.js').then(load => load.run(tour.runtime))";

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = tokio::runtime::Runtime::new().context("no tokio runtime");
    match runtime.and_then(|runtime| runtime.block_on(run(&options))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<()> {
    let project = Project::here();
    let server = Server::start(ServerOptions {
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        site: Site::tests(&project),
        receiver: ReceiverOptions::default(),
    })
    .await?;
    let chromium = Chromium::start().await?;
    let taken = take_all(&project, &server, &chromium, options.docs).await;
    chromium.close().await;
    taken
}

async fn take_all(project: &Project, server: &Server, chromium: &Chromium, docs: bool) -> Result<()> {
    let folder = project.path("target/screenshots");
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let tab = Tab::open(chromium, server.url()).await?;
    size(&tab, SETTINGS[0].page).await?;
    tab.goto("/").await?;
    tab.until::<bool>("globalThis.tour && !document.querySelector('#use-samples').disabled").await?;
    tab.eval::<bool>(LOAD).await.context("the tour could not be driven")?;
    tab.until::<bool>("globalThis.shots.ready()").await?;
    if docs {
        panel_for_docs(project, &tab).await?;
    }
    panes(&tab, &folder, "", &[]).await?;
    if docs {
        tour_for_docs(project, &tab).await?;
    }
    recordings(&tab, &folder).await?;
    tab.close().await;
    println!("{}", folder.display());
    Ok(())
}

/// Panes (all of them, when none is named) in both themes and at every size.
async fn panes(tab: &Tab, folder: &Path, prefix: &str, only: &[&str]) -> Result<()> {
    for setting in &SETTINGS {
        size(tab, setting.page).await?;
        for theme in THEMES {
            let panes: Vec<String> =
                tab.eval(&format!("shots.place({:?}, {}, {theme:?})", setting.dock, setting.size)).await?;
            for pane in panes.iter().filter(|pane| only.is_empty() || only.contains(&pane.as_str())) {
                tab.until::<bool>(&format!("shots.show({pane:?})")).await?;
                picture(tab, &folder.join(format!("{prefix}{pane}-{theme}-{}.png", setting.name))).await?;
            }
        }
    }
    Ok(())
}

/// A recording in the panel, one that runs while a bad file is refused, and the page that opens recordings.
async fn recordings(tab: &Tab, folder: &Path) -> Result<()> {
    tab.eval::<bool>("shots.back()").await?;
    tab.eval::<bool>("shots.replay()").await.context("the recording cannot be opened")?;
    panes(tab, folder, "replay-", &["tasks", "timeline"]).await?;
    tab.eval::<bool>("shots.tell()").await?;
    panes(tab, folder, "recording-", &["tasks"]).await?;
    tab.goto("/atelier/devtools.html").await?;
    for setting in &SETTINGS[..2] {
        size(tab, setting.page).await?;
        for theme in THEMES {
            let alone = format!("import('/tests/screenshots.js').then(load => load.alone({theme:?}))");
            tab.until::<bool>(&alone).await?;
            picture(tab, &folder.join(format!("alone-{theme}-{}.png", setting.name))).await?;
        }
    }
    Ok(())
}

/// While what happened is still in sight.
async fn panel_for_docs(project: &Project, tab: &Tab) -> Result<()> {
    size(tab, (1200, 461)).await?;
    tab.eval::<Vec<String>>("shots.place('bottom', 461, 'dark')").await?;
    for (pane, file) in FOR_DOCS {
        tab.until::<bool>(&format!("shots.show({pane:?})")).await?;
        picture(tab, &project.path("docs").join(file)).await?;
    }
    Ok(())
}

async fn tour_for_docs(project: &Project, tab: &Tab) -> Result<()> {
    size(tab, (1280, 1330)).await?;
    tab.eval::<bool>("shots.away()").await?;
    let params = ScreenshotParams::builder().format(CaptureScreenshotFormat::Jpeg).quality(82).build();
    tab.page()
        .save_screenshot(params, project.path("docs/tour.jpg"))
        .await
        .context("no picture of the tour")?;
    Ok(())
}

async fn size(tab: &Tab, (width, height): (i64, i64)) -> Result<()> {
    let params = SetDeviceMetricsOverrideParams::new(width, height, 1.0, false);
    tab.page().execute(params).await.context("the page cannot be given a size")?;
    Ok(())
}

async fn picture(tab: &Tab, file: &Path) -> Result<()> {
    tab.screenshot(file).await.with_context(|| format!("no {}", file.display()))
}
