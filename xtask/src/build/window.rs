//! The modules of the panel's window, as texts. A bundler mixes modules with the app's own, and a window that loaded such a
//! mixture would run the app a second time; so the page carries the window's modules as they are, and makes Blobs of them.

use std::path::{Path, PathBuf};

use super::BuildError;
use super::imports::{graph, imports, resolve};

/// The module that the window begins with.
const ENTRY: &str = "devtools-window.js";
/// What is written. `devtools-window-page.js` reads it.
const SOURCES: &str = "devtools-window-sources.js";

/// Writes the texts of the window's modules beside them, each after those that it imports. Specifiers become
/// `atelier:NAME`, to be replaced by the modules' addresses. Modules of wasm are imported when they are needed.
pub(super) fn write_window_sources(folder: &Path) -> Result<(), BuildError> {
    let mut sources = Vec::new();
    let mut carried = String::new();
    let modules = graph(folder, ENTRY, true)?;
    for (at, module) in modules.iter().enumerate() {
        let name = named(module);
        if module.file_name().is_some_and(|file| file == "wasm-text.js") {
            carried.push_str(&format!("  '{name}': () => import('./{name}'),\n"));
            continue;
        }
        let file = folder.join(module);
        let text = std::fs::read_to_string(&file).map_err(BuildError::file(&file))?;
        sources.push([name, with_names(module, &text, &modules[..at])?]);
    }
    let sources = serde_json::to_string(&sources).map_err(|error| BuildError::Package(error.to_string()))?;
    let to = folder.join(SOURCES);
    let text = format!(
        "// Made by `cargo xtask dist`: the modules of the panel's window, each after those that it imports.\n\
         export const sources = {sources};\n\
         export const carried = {{\n{carried}}};\n"
    );
    std::fs::write(&to, text).map_err(BuildError::file(&to))
}

/// A module's text with names in the place of relative specifiers.
fn with_names(module: &Path, text: &str, before: &[PathBuf]) -> Result<String, BuildError> {
    let mut named_text = String::with_capacity(text.len());
    let mut copied = 0;
    for import in imports(text) {
        let target = resolve(module, &text[import.specifier.clone()]);
        if !before.contains(&target) {
            let (module, target) = (module.display(), target.display());
            return Err(BuildError::Package(format!(
                "{module} and {target} import each other, which the panel's window cannot load"
            )));
        }
        named_text.push_str(&text[copied..import.specifier.start]);
        named_text.push_str("atelier:");
        named_text.push_str(&named(&target));
        copied = import.specifier.end;
    }
    named_text.push_str(&text[copied..]);
    Ok(named_text)
}

fn named(module: &Path) -> String {
    module.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn modules_are_carried_in_order_and_their_wasm_is_not() {
        let folder = folder(&[
            (ENTRY, "import { load } from './load.js';\nimport './text.js';\nload('</script>');"),
            // Of another purpose, whatever its name.
            ("text.js", "export const bounded = 1;"),
            ("load.js", "export const load = () => import('./panel/wasm-text.js');"),
            ("panel/wasm-text.js", "export let text = '';"),
        ]);
        write_window_sources(folder.path()).unwrap();
        let text = std::fs::read_to_string(folder.path().join(SOURCES)).unwrap();
        let load =
            text.find(r#"["load.js","export const load = () => import('atelier:panel/wasm-text.js');"]"#);
        let window = text.find(r#"["devtools-window.js","import { load } from 'atelier:load.js';"#);
        assert!(load.unwrap() < window.unwrap(), "{text}");
        assert!(text.contains(r#"["text.js","export const bounded = 1;"]"#), "{text}");
        assert!(text.contains("'panel/wasm-text.js': () => import('./panel/wasm-text.js'),"), "{text}");
    }

    #[test]
    fn a_circle_is_refused() {
        let folder = folder(&[(ENTRY, "import './a.js';"), ("a.js", "import './devtools-window.js';")]);
        let error = write_window_sources(folder.path()).unwrap_err().to_string();
        assert!(error.contains("import each other"), "{error}");
    }
}
