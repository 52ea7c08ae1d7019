//! What the workspace promises about itself: who may depend on whom, how long files are, what is written down.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on should stop right there")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xtask::Project;

/// Lines a source file may have.
const MAX_LINES: usize = 500;

/// Who may depend on whom among our own crates (DESIGN "The house"). Tests and build scripts count, too. A crate that
/// is not here may not exist.
const ALLOWED: &[(&str, &[&str])] = &[
    ("atelier-core", &[]),
    ("atelier-macros", &[]),
    ("atelier-runtime", &["atelier-core", "atelier-macros"]),
    ("atelier-telemetry", &["atelier-core"]),
    ("atelier-exporters", &["atelier-telemetry", "atelier-core"]),
    ("atelier-convert", &["atelier-exporters", "atelier-telemetry"]),
    ("atelier-recording-js", &["atelier-exporters"]),
    ("atelier-devtools-panel", &["atelier-telemetry", "atelier-core"]),
    ("atelier-js", &["atelier-runtime", "atelier-telemetry", "atelier-exporters", "atelier-core"]),
    ("atelier-tour", &["atelier-runtime", "atelier-telemetry", "atelier-exporters", "atelier-core"]),
    ("atelier-rust-app", &["atelier-runtime", "atelier-telemetry", "atelier-exporters", "atelier-core"]),
    ("atelier-encoder-bench", &["atelier-exporters", "atelier-telemetry", "atelier-core"]),
    ("atelier-tests", &["atelier-core", "atelier-telemetry", "xtask"]),
    ("xtask", &[]),
];

/// The crates in which `Worker` and `postMessage` may be used.
const MAY_DRIVE_WORKERS: &[&str] = &["atelier-runtime"];

/// Folders of a member that hold no source of ours.
const NOT_OURS: &[&str] = &["target", "node_modules"];

struct Member {
    name: String,
    folder: PathBuf,
    dependencies: BTreeSet<String>,
}

fn members() -> Vec<Member> {
    let metadata = xtask::metadata(&Project::here()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut members: Vec<Member> = (metadata["packages"].as_array().unwrap().iter())
        .map(|package| Member {
            name: text(&package["name"]),
            folder: Path::new(&text(&package["manifest_path"])).parent().unwrap().to_owned(),
            dependencies: package["dependencies"]
                .as_array()
                .unwrap()
                .iter()
                .map(|d| text(&d["name"]))
                .collect(),
        })
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    members
}

/// Every file with one of these endings beneath a folder, without what is built or installed there.
fn sources(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !NOT_OURS.contains(&name.as_str()) && !name.starts_with('.') {
                found.extend(sources(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The member that a file belongs to: the one with the longest folder above it.
fn owner<'a>(members: &'a [Member], file: &Path) -> &'a Member {
    let above = members.iter().filter(|member| file.starts_with(&member.folder));
    above.max_by_key(|member| member.folder.as_os_str().len()).unwrap()
}

fn shown(file: &Path) -> String {
    file.strip_prefix(Project::here().root()).unwrap_or(file).display().to_string()
}

fn assert_none(found: Vec<String>, what: &str) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn dependencies_go_one_way() {
    let members = members();
    let ours: BTreeSet<&str> = members.iter().map(|member| member.name.as_str()).collect();
    let mut wrong = Vec::new();
    for member in &members {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == member.name) else {
            wrong
                .push(format!("{} is not in the table of this test: say what it may depend on", member.name));
            continue;
        };
        let on_ours = member.dependencies.iter().filter(|name| ours.contains(name.as_str()));
        let forbidden = on_ours.filter(|name| !allowed.contains(&name.as_str()));
        wrong.extend(forbidden.map(|name| format!("{} depends on {name}", member.name)));
    }
    let gone = ALLOWED.iter().filter(|(name, _)| !ours.contains(name));
    wrong.extend(gone.map(|(name, _)| format!("{name} is in the table of this test, but no member")));
    assert_none(wrong, "dependencies that the design does not allow");
}

#[test]
fn the_core_is_pure() {
    let members = members();
    let core = members.iter().find(|member| member.name == "atelier-core").unwrap();
    let impure = [
        "web-sys",
        "js-sys",
        "wasm-bindgen",
        "wasm-bindgen-futures",
        "tracing",
        "getrandom",
        "rand",
        "tokio",
    ];
    let found = impure.into_iter().filter(|name| core.dependencies.contains(*name)).map(str::to_owned);
    assert_none(found.collect(), "crates that the core must do without");
    let clocks =
        ["std::time::Instant", "std::time::SystemTime", "Instant::now", "SystemTime::now", "std::thread"];
    let mut used = Vec::new();
    for file in sources(&core.folder.join("src"), &[".rs"]) {
        let text = std::fs::read_to_string(&file).unwrap();
        used.extend(
            clocks
                .iter()
                .filter(|word| code_has(&text, word))
                .map(|word| format!("{}: {word}", shown(&file))),
        );
    }
    assert_none(used, "clocks and threads that the core must do without");
}

#[test]
fn only_the_runtime_drives_workers() {
    let members = members();
    let mut wrong = Vec::new();
    for member in members.iter().filter(|member| !MAY_DRIVE_WORKERS.contains(&member.name.as_str())) {
        let manifest = std::fs::read_to_string(member.folder.join("Cargo.toml")).unwrap();
        let features =
            ["\"Worker\"", "\"DedicatedWorkerGlobalScope\"", "\"MessagePort\"", "\"SharedWorker\""];
        let asked = features.iter().filter(|feature| manifest.contains(**feature));
        wrong.extend(asked.map(|feature| format!("{}: web-sys feature {feature}", shown(&member.folder))));
        let source = member.folder.join("src");
        if !source.is_dir() {
            continue;
        }
        for file in
            sources(&source, &[".rs"]).into_iter().filter(|file| owner(&members, file).name == member.name)
        {
            let text = std::fs::read_to_string(&file).unwrap();
            let words = ["web_sys::Worker", "post_message", "postMessage", "DedicatedWorkerGlobalScope"];
            let used = words.iter().filter(|word| code_has(&text, word));
            wrong.extend(used.map(|word| format!("{}: {word}", shown(&file))));
        }
    }
    assert_none(wrong, "workers and their messages outside of the runtime");
}

/// Whether a line that is no comment has this in it.
fn code_has(text: &str, word: &str) -> bool {
    text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(word))
}

#[test]
fn no_source_file_is_too_long() {
    let mut long = Vec::new();
    for file in sources(Project::here().root(), &[".rs", ".js", ".mjs", ".ts", ".css", ".html"]) {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        if lines > MAX_LINES {
            long.push(format!("{}: {lines} lines", shown(&file)));
        }
    }
    assert_none(long, "files with more than 500 lines");
}

#[test]
fn the_architecture_names_every_crate() {
    // Written with the first whole version; from then on it has to keep up.
    let Ok(text) = std::fs::read_to_string(Project::here().path("ARCHITECTURE.md")) else { return };
    let missing = members().into_iter().filter(|member| !text.contains(&format!("`{}`", member.name)));
    assert_none(missing.map(|member| member.name).collect(), "crates that ARCHITECTURE.md does not name");
}

#[test]
fn the_lock_file_has_no_foreign_sources() {
    let text = std::fs::read_to_string(Project::here().path("Cargo.lock")).unwrap();
    let sources = text.lines().filter_map(|line| line.strip_prefix("source = "));
    // Packages come from the default registry, which the lock file names in one way only.
    let registries: BTreeSet<&str> = sources.collect();
    let foreign = registries.iter().filter(|source| !source.starts_with("\"registry+https://"));
    assert_none(foreign.map(|source| (*source).to_owned()).collect(), "sources that are no registry");
    assert!(registries.len() <= 1, "packages come from several registries: {registries:?}");
}

#[test]
fn every_crate_keeps_the_workspace_lints() {
    let lax = members().into_iter().filter(|member| {
        let manifest = std::fs::read_to_string(member.folder.join("Cargo.toml")).unwrap();
        !manifest.contains("[lints]\nworkspace = true")
    });
    assert_none(lax.map(|member| member.name).collect(), "crates without the workspace's lints");
}

#[test]
fn nothing_is_unfinished_or_skipped() {
    // Put together here, so that this file does not find itself.
    let words = ["todo", "unimplemented"]
        .map(|name| format!("{name}!("))
        .into_iter()
        .chain(["#[ign".to_owned() + "ore"]);
    let words: Vec<String> = words.collect();
    let mut found = Vec::new();
    for file in sources(Project::here().root(), &[".rs"]) {
        let text = std::fs::read_to_string(&file).unwrap();
        found.extend(
            words.iter().filter(|word| code_has(&text, word)).map(|word| format!("{}: {word}", shown(&file))),
        );
    }
    assert_none(found, "what is unfinished or skipped");
}

#[test]
fn the_types_name_the_facts_of_black_boxes_as_the_table_does() {
    let read = |path: &str| std::fs::read_to_string(Project::here().path(path)).unwrap();
    let names = read("runtime/core/src/names.rs");
    let (_, table) = names.split_once("\nworker_facts! {").unwrap();
    // Each line of the table: a variant, a name, a sentence.
    let rows = table.lines().skip(1).take_while(|line| *line != "}").map(|line| {
        let mut quoted = line.split('"').skip(1).step_by(2);
        format!("  /** {1} */\n  | '{0}'", quoted.next().unwrap(), quoted.next().unwrap())
    });
    let types = read("js/npm/index.d.ts");
    let (_, union) = types.split_once("export type WorkerFact =\n").unwrap();
    let (union, _) = union.split_once(";\n\n").unwrap();
    assert_eq!(union, rows.collect::<Vec<_>>().join("\n"));
}
