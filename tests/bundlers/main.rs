//! The packed package in the tools that people have: bundlers in development and production, a framework that renders on a
//! server, unit tests, Node, TypeScript. `cargo xtask test --bundlers` prepares what they need, and target/bundlers.md is
//! the table of what worked where.

mod drive;
mod table;
mod tool;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use atelier_tests::Lab;
use libtest_mimic::{Arguments, Trial, run};

use drive::{Page, drive};
use table::{Row, Table};
use tool::{Serving, build, serve_by_tool, serve_folder};

/// Tools whose result is a page, and how their pages are served in development.
const BUNDLERS: [&str; 9] =
    ["vite5", "vite6", "vite7", "vite8", "webpack", "rollup", "esbuild", "esbuild-single", "parcel"];
const DEV_SERVERS: [&str; 4] = ["vite5", "vite6", "vite7", "vite8"];
/// Tools that say themselves whether it works.
const RUNNERS: [&str; 7] =
    ["node", "vitest-node", "vitest-jsdom", "vitest-happy-dom", "tsc-bundler", "tsc-node16", "tsc-nodenext"];

/// How long a page may take for everything; development servers build while they are asked.
const LIMIT: Duration = Duration::from_secs(180);

fn main() -> ExitCode {
    match run_all(&Arguments::from_args()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run_all(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let lab = Lab::start()?;
    let table = Arc::new(Table::default());
    let mut trials: Vec<Trial> = Vec::new();
    // What takes longest begins first.
    trials.push(page_trial(&lab, &table, "next", Page::Rendered));
    trials.extend(DEV_SERVERS.map(|tool| page_trial(&lab, &table, tool, Page::Development)));
    trials.extend(BUNDLERS.map(|tool| page_trial(&lab, &table, tool, Page::Built)));
    trials.push(page_trial(&lab, &table, "plain", Page::Unbundled));
    trials.extend(RUNNERS.map(|tool| runner_trial(&lab, &table, tool)));
    let conclusion = run(arguments, trials);
    if !arguments.list {
        table.write(lab.project())?;
    }
    lab.end();
    Ok(conclusion.exit_code())
}

/// Builds and drives the app.
fn page_trial(lab: &Arc<Lab>, table: &Arc<Table>, tool: &'static str, page: Page) -> Trial {
    let (lab, table) = (Arc::clone(lab), Arc::clone(table));
    let name = format!("bundlers::{tool}_{}", page.name());
    Trial::test(name.clone(), move || {
        let row = table.row(tool, page.name());
        let built = match page {
            Page::Development => Ok(()),
            Page::Rendered | Page::Built | Page::Unbundled => build(lab.project(), tool),
        };
        row.note("builds", &built);
        built.map_err(|error| format!("{error:#}"))?;
        lab.run_within(LIMIT, &name, async |scene| {
            let server = match page {
                Page::Development | Page::Rendered => serve_by_tool(&scene.project, tool).await,
                Page::Built | Page::Unbundled => serve_folder(&scene.project, tool, false).await,
            };
            drive(scene, &server?, page, &row).await?;
            // Parcel puts an inline script into its pages, which such a policy forbids.
            if page == Page::Built && tool != "parcel" {
                let strict: Serving = serve_folder(&scene.project, tool, true).await?;
                drive::under_a_policy(scene, &strict, &row).await?;
            }
            Ok(())
        })
    })
}

/// Runs what says by itself whether it works.
fn runner_trial(lab: &Arc<Lab>, table: &Arc<Table>, tool: &'static str) -> Trial {
    let (lab, table) = (Arc::clone(lab), Arc::clone(table));
    Trial::test(format!("bundlers::{tool}"), move || {
        let row: Row = table.row(tool, "run");
        let ran = build(lab.project(), tool);
        row.note("builds", &ran);
        Ok(ran.map_err(|error| format!("{error:#}"))?)
    })
}
