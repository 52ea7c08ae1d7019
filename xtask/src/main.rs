//! The command line: `cargo xtask --help`.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use xtask::{
    BenchOptions, DemoOptions, DistOptions, ForwardTarget, Progress, Project, SimOptions, SuiteOptions,
    bench, convert, demo, dist, run_suite, screenshots, simulate, size_of_start, sizes,
};

/// Builds, shows, tests and packs Atelier.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Builds everything and serves the guided tour with an OTLP receiver in the same process.
    ///
    /// Prints one line, `ready URL`, on standard output when it can be opened; everything else goes to standard
    /// error. The receiver takes OTLP/HTTP in protobuf or JSON at /v1/traces, /v1/metrics and /v1/logs, and shows
    /// what it received at /api/received, /api/spans, /api/metrics and /api/logs.
    Demo {
        /// Leaves the browser alone.
        #[arg(long)]
        no_open: bool,
        /// The port to serve on.
        #[arg(long, default_value_t = 5173)]
        port: u16,
        /// The address to serve on.
        #[arg(long, default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
        host: IpAddr,
        /// Passes accepted telemetry on to this collector (plain http), such as http://127.0.0.1:4318.
        #[arg(long, value_name = "URL")]
        forward: Option<ForwardTarget>,
    },
    /// Runs formatting, lints and every test, native and in a real Chromium; the npm package's types where npx is.
    ///
    /// The last line is `N passed, N failed`. Chrome or Chromium is taken from CHROME, else from PATH, else
    /// installed by apt-get where that is possible without a password.
    Test {
        /// Only tests whose name contains this; formatting and lints are left out then.
        filter: Option<String>,
        /// Only formatting, lints and native tests.
        #[arg(long, conflicts_with = "browser")]
        native: bool,
        /// Only tests in the browser.
        #[arg(long)]
        browser: bool,
        /// Only the packed package in bundlers, frameworks, Node and TypeScript, which npm fetches; the table is in
        /// target/bundlers.md.
        #[arg(long, conflicts_with_all = ["native", "browser"])]
        bundlers: bool,
    },
    /// Measures ours beside raw postMessage and Comlink in a real Chromium, and prints a table.
    ///
    /// Every cell runs in a fresh page, the contenders take turns. Every sample is in target/bench/results.json.
    /// Comlink is fetched by npm; without npm it is left out.
    Bench {
        /// Fewer calls and rounds: rough figures soon.
        #[arg(long)]
        quick: bool,
        /// Only cells whose name contains this.
        #[arg(long, value_name = "NAME")]
        filter: Option<String>,
        /// Rounds of each cell.
        #[arg(long)]
        rounds: Option<u32>,
        /// Also writes CPU profiles of the main thread to target/bench; the figures suffer.
        #[arg(long)]
        profile: bool,
    },
    /// Writes the npm package to target/npm and prints the size of each wasm module, and of what loads before the first call.
    ///
    /// Runs wasm-opt (from WASM_OPT, else PATH) where it is installed; one that is too old for a module leaves it as it is.
    Dist,
    /// Drives the tour and writes a picture of every pane of the panel, in both themes and three sizes, to
    /// target/screenshots.
    Screenshots {
        /// Also renews the pictures that the documents use, docs/panel*.png and docs/tour.jpg.
        #[arg(long)]
        docs: bool,
    },
    /// Converts a recording, the file that `recording.stop()` gave: FILE --to perfetto|otlp|hlog|text [-o OUT].
    ///
    /// The command is compiled at the first call.
    #[command(disable_help_flag = true)]
    Convert {
        /// What the command takes; it says more with --help.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Runs the core's simulator in random worlds, beside a model of it, for as long as one likes.
    ///
    /// A seed that fails is made smaller, and printed with the command that replays it.
    Sim {
        /// How many seeds; 10000 when nothing is said, 1 when --seed is.
        #[arg(long)]
        seeds: Option<u64>,
        /// The first seed.
        #[arg(long)]
        seed: Option<u64>,
        /// Steps of each.
        #[arg(long, default_value_t = 400)]
        steps: u64,
        /// Only these steps of each, such as 0-4,9.
        #[arg(long)]
        keep: Option<String>,
    },
}

/// Seeds of `cargo xtask sim` when nothing is said.
const DEFAULT_SIM_SEEDS: u64 = 10_000;

fn main() -> ExitCode {
    let project = Project::here();
    let result = match Cli::parse().task {
        Task::Demo { no_open, port, host, forward } => {
            demo(&project, DemoOptions { host, port, open: !no_open, forward }).map_err(anyhow::Error::from)
        }
        Task::Test { filter, native, browser, bundlers } => {
            let all = !native && !browser && !bundlers;
            // A filter is there to be quick, which fetching the tools is not.
            let bundlers = bundlers || (all && filter.is_none());
            let (native, browser) = (native || all, browser || all);
            return test(&project, SuiteOptions { filter, native, browser, bundlers });
        }
        Task::Bench { quick, filter, rounds, profile } => {
            bench(&project, &BenchOptions { quick, filter, rounds, profile }).map_err(anyhow::Error::from)
        }
        Task::Dist => pack(&project),
        Task::Screenshots { docs } => screenshots(&project, docs).map_err(anyhow::Error::from),
        Task::Convert { arguments } => match convert(&project, &arguments) {
            Ok(true) => return ExitCode::SUCCESS,
            Ok(false) => return ExitCode::FAILURE,
            Err(error) => Err(error.into()),
        },
        Task::Sim { seeds, seed, steps, keep } => {
            let seeds = seeds.unwrap_or(if seed.is_some() { 1 } else { DEFAULT_SIM_SEEDS });
            simulate(&project, &SimOptions { seeds, seed: seed.unwrap_or(0), steps, keep })
                .map_err(anyhow::Error::from)
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn test(project: &Project, options: SuiteOptions) -> ExitCode {
    let tally = run_suite(project, &options);
    for failure in tally.failures() {
        println!("failed: {failure}");
    }
    for skipped in tally.skipped() {
        println!("NOT RUN: {skipped}");
    }
    println!("{tally}");
    if tally.failed() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn pack(project: &Project) -> anyhow::Result<()> {
    let folder = dist(project, &Progress::start(), DistOptions { optimize: true, ..DistOptions::default() })?;
    for size in sizes(&folder)? {
        println!("{size}");
    }
    println!("{}", size_of_start(&folder)?);
    Ok(())
}
