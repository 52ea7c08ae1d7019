//! `cargo xtask test`: everything that is checked, one step after the other, and one count over all of it.

mod bundlers;
mod cargo_test;
mod docs;
mod tally;
mod types;

pub use tally::Tally;

use std::process::Command;

use crate::build::{cargo, ensure_component, ensure_wasm_target, fetch_by_npm, fetch_comlink, run};
use crate::{
    BuildError, DistOptions, Progress, Project, build_pages, dist, find_or_install_chrome, wasm_members,
    wasm_only_members,
};
use cargo_test::cargo_test;

/// What looks whether the panel is accessible; only tests ever see it.
const AXE: &str = "axe-core@4.14.1";

/// What is run.
#[derive(Clone, Debug)]
pub struct SuiteOptions {
    /// Only tests whose name contains this; then formatting and lints are left out.
    pub filter: Option<String>,
    /// Formatting, lints and native tests.
    pub native: bool,
    /// Tests in the browser.
    pub browser: bool,
    /// The packed package in bundlers, and what else takes it.
    pub bundlers: bool,
}

/// Runs the steps and returns the count. A step that fails counts as one failed test of its name; the others go on.
pub fn run_suite(project: &Project, options: &SuiteOptions) -> Tally {
    let suite = Suite { project, filter: options.filter.as_deref(), progress: Progress::start() };
    let mut tally = Tally::default();
    if options.native && options.filter.is_none() {
        tally.step("formatting", suite.formatting());
        tally.step("lints, native", suite.native_lints());
        tally.step("lints, wasm", suite.wasm_lints());
    }
    if options.native {
        suite.native_tests(&mut tally);
        if options.filter.is_none() {
            suite.type_tests(&mut tally);
        }
        if options.filter.as_deref().is_none_or(|filter| filter == "docs") {
            suite.docs(&mut tally);
        }
    }
    if options.browser || options.bundlers {
        let built = suite.web_build();
        let can_run = built.is_ok();
        tally.step("web build", built);
        if can_run && options.browser {
            suite.browser_tests(&mut tally);
        }
        if can_run && options.bundlers {
            suite.bundler_tests(&mut tally);
        }
    }
    tally
}

struct Suite<'a> {
    project: &'a Project,
    filter: Option<&'a str>,
    progress: Progress,
}

impl Suite<'_> {
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = cargo();
        command.current_dir(self.project.root()).args(arguments);
        command
    }

    fn formatting(&self) -> Result<(), BuildError> {
        ensure_component(&self.progress, "fmt", "rustfmt")?;
        self.progress.step("cargo fmt --check", || run(&mut self.cargo(&["fmt", "--all", "--check"])))
    }

    fn native_lints(&self) -> Result<(), BuildError> {
        ensure_component(&self.progress, "clippy", "clippy")?;
        let mut command = self.cargo(&["clippy", "--workspace", "--all-targets"]);
        exclude(&mut command, &wasm_only_members(self.project)?);
        self.progress.step("cargo clippy, native", || run(command.args(["--", "-D", "warnings"])))
    }

    fn wasm_lints(&self) -> Result<(), BuildError> {
        ensure_component(&self.progress, "clippy", "clippy")?;
        ensure_wasm_target(&self.progress)?;
        let mut command = self.cargo(&["clippy", "--target", "wasm32-unknown-unknown"]);
        for member in wasm_members(self.project)? {
            command.args(["--package", &member]);
        }
        self.progress.step("cargo clippy, wasm", || run(command.args(["--", "-D", "warnings"])))
    }

    fn native_tests(&self, tally: &mut Tally) {
        match wasm_only_members(self.project) {
            Ok(elsewhere) => {
                let mut workspace =
                    self.cargo(&["test", "--workspace", "--exclude", "atelier-tests", "--no-fail-fast"]);
                exclude(&mut workspace, &elsewhere);
                self.tests(tally, "native tests", &mut workspace);
            }
            Err(error) => tally.step("native tests", Err(error)),
        }
        let rules = ["test", "--package", "atelier-tests", "--test", "workspace"];
        self.tests(tally, "workspace rules", &mut self.cargo(&rules));
    }

    /// The package's types. Without Node or the registry they cannot be tested, which is said and no failure: the
    /// project itself needs neither.
    fn type_tests(&self, tally: &mut Tally) {
        match types::compiler() {
            Ok(compiler) => {
                let folder = self.project.path("tests/types");
                let checked = self
                    .progress
                    .step("type tests", || types::check_types(compiler, &folder.to_string_lossy()));
                tally.step("type tests", checked);
            }
            Err(types::NotRun(why)) => tally.not_run("type tests", why),
        }
    }

    /// The documents' code blocks: Rust always, TypeScript and JavaScript where the compiler is to be had.
    fn docs(&self, tally: &mut Tally) {
        let rust = self.progress.step("docs, Rust", || docs::check_rust(self.project, &self.progress));
        tally.step("docs, Rust", rust);
        match types::compiler() {
            Ok(compiler) => {
                for language in ["ts", "js"] {
                    let name = format!("docs, {language}");
                    let checked = self.progress.step(&name, || {
                        let folder = docs::write_scripts(self.project, language)?;
                        types::check_types(&compiler, &folder.to_string_lossy())
                    });
                    tally.step(&name, checked);
                }
            }
            Err(types::NotRun(why)) => tally.not_run("docs, TypeScript", why),
        }
    }

    fn web_build(&self) -> Result<(), BuildError> {
        dist(self.project, &self.progress, DistOptions::default())?;
        build_pages(self.project, &self.progress)
    }

    fn browser_tests(&self, tally: &mut Tally) {
        match find_or_install_chrome(&self.progress) {
            Ok(chrome) => {
                let axe = self.project.path("target/axe");
                if let Err(error) = fetch_by_npm(&self.progress, &axe, AXE, "axe-core/axe.min.js") {
                    self.progress.note(&error.to_string());
                    tally.not_run(
                        "panel_axe",
                        "axe-core cannot be fetched; is npm there, and its registry in reach?",
                    );
                }
                if let Err(error) = fetch_comlink(self.project, &self.progress) {
                    self.progress.note(&error.to_string());
                    tally.not_run(
                        "comlink",
                        "Comlink cannot be fetched; is npm there, and its registry in reach?",
                    );
                }
                let arguments = ["test", "--package", "atelier-tests", "--test", "browser"];
                self.tests(tally, "browser tests", self.cargo(&arguments).env("CHROME", chrome));
            }
            Err(error) => tally.step("browser tests", Err(error)),
        }
    }

    /// The package in the tools that people have. Without npm or its registry there are none, which is said and no failure.
    fn bundler_tests(&self, tally: &mut Tally) {
        match bundlers::prepare(self.project, &self.progress) {
            Ok(Ok(())) => match find_or_install_chrome(&self.progress) {
                Ok(chrome) => {
                    let arguments = ["test", "--package", "atelier-tests", "--test", "bundlers"];
                    self.tests(tally, "bundlers", self.cargo(&arguments).env("CHROME", chrome));
                }
                Err(error) => tally.step("bundlers", Err(error)),
            },
            Ok(Err(types::NotRun(why))) => tally.not_run("bundlers", why),
            Err(error) => tally.step("bundlers", Err(error)),
        }
    }

    fn tests(&self, tally: &mut Tally, name: &str, command: &mut Command) {
        let ran = self.progress.step(name, || match cargo_test(command, self.filter, name) {
            Ok(counted) if counted.failed() == 0 => Ok(counted),
            Ok(counted) => Err(counted),
            Err(error) => {
                let mut counted = Tally::default();
                counted.step(name, Err(error));
                Err(counted)
            }
        });
        let (Ok(counted) | Err(counted)) = ran;
        tally.add(counted);
    }
}

fn exclude(command: &mut Command, members: &[String]) {
    members.iter().for_each(|member| {
        command.args(["--exclude", member]);
    });
}
