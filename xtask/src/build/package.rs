//! Checks that a package is whole before anyone installs it.

use std::path::Path;

use serde_json::Value;

use super::BuildError;
use super::imports::graph;
use super::size::files;

/// What is made of other modules or of wasm; what stands in it is no code, or checked where it came from.
const MADE: [&str; 2] = ["wasm-text.js", "devtools-window-sources.js"];
/// Entries that may ask for files by URL: their users serve them.
const ASK_FOR_FILES: [&str; 2] = ["manual.js", "wasm-worker.js"];

/// The version is the workspace's, whatever package.json or a module names is there, and no entry waits or asks for a file
/// when it is imported.
pub(super) fn check_package(folder: &Path, version: &str) -> Result<(), BuildError> {
    let manifest = read_manifest(&folder.join("package.json"))?;
    if manifest["version"] != version {
        let found = &manifest["version"];
        return Err(BuildError::Package(format!(
            "package.json says version {found}, the workspace \"{version}\""
        )));
    }
    let mut named = Vec::new();
    for key in ["exports", "main", "module", "types"] {
        collect_files(&manifest[key], &mut named);
    }
    let mut missing: Vec<String> = (named.iter())
        .filter(|file| !folder.join(file).is_file())
        .map(|file| format!("{file}, named in package.json"))
        .collect();
    for file in files(folder)? {
        missing.extend(missing_imports(folder, &file)?);
    }
    if !missing.is_empty() {
        return Err(BuildError::Package(format!("missing {}", missing.join("; "))));
    }
    named.iter().try_for_each(|entry| check_start(folder, entry))
}

/// Refuses modules that wait at top level, or ask for a file that only some bundlers would find.
fn check_start(folder: &Path, entry: &str) -> Result<(), BuildError> {
    let entry = entry.trim_start_matches("./");
    if !entry.ends_with(".js") || ASK_FOR_FILES.contains(&entry) {
        return Ok(());
    }
    for module in graph(folder, entry, true)? {
        if module.file_name().is_some_and(|name| MADE.iter().any(|made| name == *made)) {
            continue;
        }
        let file = folder.join(&module);
        let text = std::fs::read_to_string(&file).map_err(BuildError::file(&file))?;
        let waits = text.lines().any(|line| {
            line.starts_with("await ") || line.starts_with("export const") && line.contains("= await ")
        });
        let asks = text.lines().any(|line| line.contains("new URL(") && line.contains("import.meta.url"));
        let what = if waits { "waits at top level" } else { "asks for a file by its URL" };
        if waits || asks {
            return Err(BuildError::Package(format!("{} {what}, and {entry} imports it", module.display())));
        }
    }
    Ok(())
}

fn read_manifest(path: &Path) -> Result<Value, BuildError> {
    let text = std::fs::read_to_string(path).map_err(BuildError::file(path))?;
    serde_json::from_str(&text).map_err(|error| BuildError::Package(format!("package.json: {error}")))
}

/// Every path in an `exports` tree; patterns with a star name no single file.
fn collect_files(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(file) if !file.contains('*') => found.push(file.clone()),
        Value::Object(conditions) => conditions.values().for_each(|value| collect_files(value, found)),
        _ => {}
    }
}

/// Relative files that a module names (in `import`, `from` or `new URL`) and that are not there.
fn missing_imports(folder: &Path, file: &Path) -> Result<Vec<String>, BuildError> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    if !name.ends_with(".js") {
        return Ok(Vec::new());
    }
    let text = std::fs::read_to_string(file).map_err(BuildError::file(file))?;
    let here = file.parent().unwrap_or(folder);
    let shown = file.strip_prefix(folder).unwrap_or(file).display();
    let missing = relative_literals(&text).filter(|target| !here.join(target).is_file());
    Ok(missing.map(|target| format!("{target}, named in {shown}")).collect())
}

/// String literals outside of comments that look like a file beside this one.
fn relative_literals(text: &str) -> impl Iterator<Item = &str> {
    let is_code = |line: &&str| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('*');
    let literals = |line| str::split(line, ['\'', '"']).skip(1).step_by(2);
    text.lines().filter(is_code).flat_map(literals).filter(|literal| {
        (literal.starts_with("./") || literal.starts_with("../"))
            && (literal.ends_with(".js") || literal.ends_with(".wasm"))
            // The name under which wasm-bindgen's module imports its own glue; there is no such file.
            && !literal.ends_with("_bg.js")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    const MANIFEST: &str =
        r#"{ "version": "1.2.3", "exports": { ".": { "types": "./index.d.ts", "default": "./index.js" } } }"#;

    #[test]
    fn a_whole_package_passes() {
        let js = "import { a } from './wasm/a.js';\n// see './old.js'\nconst u = './wasm/a_bg.wasm';";
        let files = [
            ("package.json", MANIFEST),
            ("index.js", js),
            ("index.d.ts", ""),
            ("wasm/a.js", ""),
            ("wasm/a_bg.wasm", ""),
        ];
        check_package(package(&files).path(), "1.2.3").unwrap();
    }

    #[test]
    fn what_is_missing_is_named() {
        let files = [("package.json", MANIFEST), ("index.js", "import x from './x.js';")];
        let error = check_package(package(&files).path(), "1.2.3").unwrap_err().to_string();
        assert!(error.contains("./index.d.ts, named in package.json"), "{error}");
        assert!(error.contains("./x.js, named in index.js"), "{error}");
        assert!(!error.contains("./index.js,"), "{error}");
    }

    #[test]
    fn another_version_is_refused() {
        let files = [("package.json", MANIFEST), ("index.js", ""), ("index.d.ts", "")];
        let error = check_package(package(&files).path(), "1.2.4").unwrap_err().to_string();
        assert!(error.contains("1.2.3") && error.contains("1.2.4"), "{error}");
    }

    #[test]
    fn what_waits_or_asks_for_files_is_no_entry() {
        let wasm = "new URL('./a.wasm', import.meta.url);";
        for (file, text, said) in [
            ("index.js", "await init();", Some("index.js waits at top level")),
            ("index.js", "import './a.js';", None),
            ("a.js", wasm, Some("a.js asks for a file by its URL, and index.js imports it")),
        ] {
            let others = [
                ("package.json", MANIFEST),
                ("index.js", "import('./a.js');"),
                ("index.d.ts", ""),
                ("a.js", ""),
                ("a.wasm", ""),
            ];
            let files: Vec<_> =
                others.into_iter().map(|(name, own)| (name, if name == file { text } else { own })).collect();
            let checked = check_package(package(&files).path(), "1.2.3").map_err(|error| error.to_string());
            match said {
                None => checked.unwrap(),
                Some(said) => assert!(checked.clone().unwrap_err().contains(said), "{checked:?}"),
            }
        }
    }

    #[test]
    fn no_manifest_no_package() {
        assert!(matches!(check_package(package(&[]).path(), "1.2.3"), Err(BuildError::File { .. })));
        assert!(matches!(
            check_package(package(&[("package.json", "{")]).path(), "1"),
            Err(BuildError::Package(_))
        ));
    }
}
