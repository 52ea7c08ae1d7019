//! Which modules a JavaScript module imports, as far as it is written in the plain way that ours are.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use super::BuildError;

/// What stands before the specifier of an import; the dynamic ones last.
const STATIC: [&str; 2] = ["from ", "import "];
const DYNAMIC: &str = "import(";

/// Whether a module is there from the start, or only when its importer asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    Start,
    Later,
}

/// An import: where its specifier stands in the text, without the quotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) specifier: Range<usize>,
    pub(super) when: When,
}

/// The relative imports of a module, in their order.
pub(super) fn imports(text: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let is_comment = line.trim_start().starts_with("//") || line.trim_start().starts_with('*');
        if !is_comment {
            for (before, when) in
                STATIC.map(|word| (word, When::Start)).into_iter().chain([(DYNAMIC, When::Later)])
            {
                for (at, _) in line.match_indices(before) {
                    let from = at + before.len();
                    let rest = &line[from..];
                    let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '\'' | '"')) else {
                        continue;
                    };
                    let Some(length) = rest[1..].find(quote).filter(|_| rest[1..].starts_with('.')) else {
                        continue;
                    };
                    let begin = start + from + 1;
                    found.push(Import { specifier: begin..begin + length, when });
                }
            }
        }
        start += line.len();
    }
    found.sort_by_key(|import| import.specifier.start);
    found
}

/// The file that a specifier names, seen from a file; both are named from the package's folder.
pub(super) fn resolve(from: &Path, specifier: &str) -> PathBuf {
    let joined = from.parent().unwrap_or(Path::new("")).join(specifier);
    let mut plain = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

/// A module and those that it imports, each after what it imports itself: those of the start only, or all.
pub(super) fn graph(folder: &Path, entry: &str, with_later: bool) -> Result<Vec<PathBuf>, BuildError> {
    let mut order = Vec::new();
    visit(folder, Path::new(entry), with_later, &mut BTreeSet::new(), &mut order)?;
    Ok(order)
}

fn visit(
    folder: &Path,
    module: &Path,
    with_later: bool,
    seen: &mut BTreeSet<PathBuf>,
    order: &mut Vec<PathBuf>,
) -> Result<(), BuildError> {
    if !seen.insert(module.to_path_buf()) {
        return Ok(());
    }
    let file = folder.join(module);
    let text = std::fs::read_to_string(&file).map_err(BuildError::file(&file))?;
    for import in imports(&text) {
        if with_later || import.when == When::Start {
            visit(folder, &resolve(module, &text[import.specifier]), with_later, seen, order)?;
        }
    }
    order.push(module.to_path_buf());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_found_in_code_and_not_in_comments() {
        let text = "// import './no.js'\nimport { a } from './a.js';\nimport * as b from \"../b.js\"\nimport './c.js';\n\
                    export { d } from './d.js';\nconst e = await import('./e.js'); import(url);\nimport x from 'x';\n";
        let found: Vec<_> = imports(text).into_iter().map(|i| (&text[i.specifier], i.when)).collect();
        let start = ["./a.js", "../b.js", "./c.js", "./d.js"].map(|name| (name, When::Start));
        assert_eq!(found, [&start[..], &[("./e.js", When::Later)]].concat());
    }

    #[test]
    fn specifiers_are_seen_from_their_module() {
        assert_eq!(resolve(Path::new("index.js"), "./wasm/a.js"), Path::new("wasm/a.js"));
        assert_eq!(resolve(Path::new("wasm/a.js"), "../b.js"), Path::new("b.js"));
        assert_eq!(resolve(Path::new("wasm/a.js"), "./snippets/x/c.js"), Path::new("wasm/snippets/x/c.js"));
    }

    #[test]
    fn a_graph_has_every_module_once_after_what_it_imports() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.js", "import './b.js';\nimport './c.js';"),
            ("b.js", "import './c.js'; import('./d.js')"),
            ("c.js", ""),
            ("d.js", ""),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let names = |later| {
            let graph = graph(folder.path(), "a.js", later).unwrap();
            graph.iter().map(|module| module.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["c.js", "b.js", "a.js"]);
        assert_eq!(names(true), ["c.js", "d.js", "b.js", "a.js"]);
    }
}
