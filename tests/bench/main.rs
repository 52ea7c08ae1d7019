//! The benchmark in a real Chromium: ours beside the floor and Comlink, and beside itself under observation. `cargo xtask bench` builds what it needs first.
//!
//! Each cell runs in a fresh page, and the contenders take turns within a round, so that whatever else the machine does
//! hits all of them alike. Ratios are taken within a round; what is shown is the median over the rounds, and the spread.

mod cell;
mod encoding;
mod measure;
mod panel;
mod report;

use std::net::Ipv4Addr;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use atelier_tests::Chromium;
use clap::Parser;
use xtask::{Mount, Project, ReceiverOptions, Server, ServerOptions, Site};

use cell::{CELLS, Contender};
use measure::{Sample, measure};
use panel::{PanelResults, SCENARIOS};
use report::Results;

/// Where `cargo xtask bench` puts the encoder by itself.
const ENCODER: &str = "target/bench/encoder";

/// Where `cargo xtask bench` puts Comlink.
const COMLINK: &str = "target/bench/node_modules/comlink/dist/esm";

/// Measures; the package has to be built. Cells and the panel's scenarios are chosen by name.
#[derive(Parser)]
struct Options {
    /// A tenth of the calls and fewer rounds: rough figures soon.
    #[arg(long)]
    quick: bool,
    /// Only cells whose name contains this.
    #[arg(long)]
    filter: Option<String>,
    /// Rounds of each cell.
    #[arg(long)]
    rounds: Option<u32>,
    /// Writes CPU profiles of the main thread to target/bench; the figures suffer.
    #[arg(long)]
    profile: bool,
}

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
    let comlink = project.path(COMLINK);
    let has_comlink = comlink.is_dir();
    let wanted = |name: &str| options.filter.as_ref().is_none_or(|part| name.contains(part.as_str()));
    let cells: Vec<_> = CELLS.iter().filter(|cell| wanted(cell.name)).collect();
    let scenarios: Vec<_> = SCENARIOS.iter().filter(|scenario| wanted(scenario.name)).collect();
    let wants_encoding = wanted(encoding::NAME);
    let names = CELLS
        .iter()
        .map(|cell| cell.name)
        .chain(SCENARIOS.iter().map(|scenario| scenario.name))
        .chain([encoding::NAME]);
    ensure!(
        wants_encoding || !(cells.is_empty() && scenarios.is_empty()),
        "no such cell; there are {}",
        names.collect::<Vec<_>>().join(", ")
    );

    let mut site = Site::tests(&project);
    site.add(Mount::new("/comlink/", &comlink, "cargo xtask bench"));
    site.add(Mount::new("/encoder/", project.path(ENCODER), "cargo xtask bench"));
    let server = Server::start(ServerOptions {
        host: Ipv4Addr::LOCALHOST.into(),
        port: 0,
        site,
        receiver: ReceiverOptions::default(),
    })
    .await?;
    let chromium = Chromium::start().await?;
    let rounds = options.rounds.unwrap_or(if options.quick { 3 } else { 7 });
    let mut results = Results::default();
    for cell in cells {
        let contenders: Vec<Contender> = (cell.contenders.iter().copied())
            .filter(|&each| each != Contender::Comlink || has_comlink)
            .collect();
        for round in 0..rounds {
            // Nobody is always first.
            for turn in 0..contenders.len() {
                let contender = contenders[(turn + round as usize) % contenders.len()];
                let calls = if options.quick { cell.calls_quick } else { cell.calls };
                let profile = (options.profile && round == 0).then(|| {
                    let name = format!("target/bench/{}-{}.cpuprofile", cell.name, contender.name());
                    project.path(&name)
                });
                let sample: Sample =
                    measure(&chromium, &server.url(), cell, contender, calls, profile.as_deref())
                        .await
                        .with_context(|| format!("{} with {}", cell.name, contender.name()))?;
                results.add(cell, contender, round, sample);
            }
        }
        eprintln!("    measured {}", cell.name);
    }
    let mut encodings = Vec::new();
    if wants_encoding {
        for _ in 0..rounds {
            encodings.push(encoding::measure(&chromium, &server.url(), options.quick).await?);
        }
        eprintln!("    measured {}", encoding::NAME);
    }
    let mut panel = PanelResults::default();
    let rounds = options.rounds.unwrap_or(if options.quick { 1 } else { 3 });
    for scenario in scenarios {
        panel.measure(&chromium, &server.url(), scenario, (rounds, options.quick)).await?;
        eprintln!("    measured {}", scenario.name);
    }
    chromium.close().await;
    if !results.is_empty() {
        println!("{}", results.markdown());
    }
    if !panel.is_empty() {
        println!("{}", panel.markdown());
    }
    if wants_encoding {
        println!("{}", encoding::markdown(&encodings));
    }
    let file = project.path("target/bench/results.json");
    std::fs::create_dir_all(project.path("target/bench"))?;
    let mut all = results.json();
    all["panel"] = panel.json();
    all["encoding"] = serde_json::to_value(&encodings)?;
    std::fs::write(&file, serde_json::to_string_pretty(&all)?)?;
    eprintln!("    every sample: {}", file.display());
    Ok(())
}
