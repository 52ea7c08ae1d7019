//! The documents' code blocks: each `ts`, `js` and `rust` block of README.md and docs/*.md compiles as it stands.
//!
//! A block is a module of its own. A line like `// worker.ts` begins another file of the same folder. What a block takes from
//! its surroundings is either `runtime` and what else `tests/docs/context.d.ts` declares, or in comments before it, which
//! readers do not see: `<!-- with: declare const key: string; -->`, in Rust `<!-- with: use some::Thing; -->`.

use std::path::{Path, PathBuf};

use crate::build::{cargo, ensure_wasm_target, run};
use crate::{BuildError, Progress, Project};

/// A code block.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Block {
    /// The number of the line that opens it.
    line: usize,
    language: String,
    /// What comments before it add.
    hidden: String,
    code: String,
}

/// Writes the blocks of one language, `ts` or `js`, to a folder beneath `target/docs`, and returns the folder: a project of the
/// TypeScript compiler.
pub(super) fn write_scripts(project: &Project, language: &str) -> Result<PathBuf, BuildError> {
    let folder = fresh(project.path("target/docs").join(language))?;
    for (document, block) in blocks_of(project, language)? {
        let place = folder.join(format!("{document}-{}", block.line));
        for (name, code) in files_of(&block) {
            write(&place.join(name), &format!("{}{code}", block.hidden))?;
        }
    }
    let context = project.path("tests/docs/context.d.ts");
    let to = folder.join("context.d.ts");
    std::fs::copy(&context, &to).map_err(BuildError::file(&context))?;
    write(&folder.join("package.json"), "{ \"type\": \"module\" }\n")?;
    // Nobody can write types in JavaScript.
    write(
        &folder.join("tsconfig.json"),
        &TSCONFIG.replace("STRICT", if language == "ts" { "true" } else { "false" }),
    )?;
    Ok(folder)
}

/// As strict as an app may be; the package is where its types are.
const TSCONFIG: &str = r#"{
  "compilerOptions": {
    "target": "es2022", "module": "esnext", "moduleResolution": "bundler", "moduleDetection": "force",
    "lib": ["es2023", "dom", "dom.iterable", "dom.asynciterable"], "types": [],
    "strict": STRICT, "noEmit": true, "allowJs": true, "checkJs": true,
    "paths": { "atelier": ["../../../js/npm/index.d.ts"], "atelier/*": ["../../../js/npm/*.d.ts"] }
  },
  "include": ["**/*"]
}
"#;

/// Checks the Rust of all documents for the browser, in a crate outside of the workspace.
pub(super) fn check_rust(project: &Project, progress: &Progress) -> Result<(), BuildError> {
    ensure_wasm_target(progress)?;
    let blocks = blocks_of(project, "rust")?;
    let folder = fresh(project.path("target/docs-rust"))?;
    let mut root = String::from("#![allow(dead_code, unused)]\n");
    for (document, block) in &blocks {
        let module = format!("{document}_{}", block.line)
            .to_lowercase()
            .replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        root.push_str(&format!("mod {module};\n"));
        write(&folder.join(format!("src/{module}.rs")), &format!("{}{}", block.hidden, block.code))?;
    }
    write(&folder.join("src/lib.rs"), &root)?;
    let manifest = project.path("tests/docs/Cargo.toml");
    let text = std::fs::read_to_string(&manifest).map_err(BuildError::file(&manifest))?;
    write(&folder.join("Cargo.toml"), &text)?;
    // The same versions as the workspace's, which are there already.
    let lock = project.path("Cargo.lock");
    std::fs::copy(&lock, folder.join("Cargo.lock")).map_err(BuildError::file(&lock))?;
    let mut command = cargo();
    command.current_dir(&folder).args(["check", "--target", "wasm32-unknown-unknown", "--target-dir"]);
    run(command.arg(project.path("target")))
}

fn fresh(folder: PathBuf) -> Result<PathBuf, BuildError> {
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(BuildError::file(&folder))?;
    }
    Ok(folder)
}

fn write(file: &Path, text: &str) -> Result<(), BuildError> {
    let folder = file.parent().unwrap_or(file);
    std::fs::create_dir_all(folder).map_err(BuildError::file(folder))?;
    std::fs::write(file, text).map_err(BuildError::file(file))
}

/// The blocks of a language in every document, with the document's name.
fn blocks_of(project: &Project, language: &str) -> Result<Vec<(String, Block)>, BuildError> {
    let docs = project.path("docs");
    let mut files = vec![project.path("README.md")];
    for entry in std::fs::read_dir(&docs).map_err(BuildError::file(&docs))? {
        files.push(entry.map_err(BuildError::file(&docs))?.path());
    }
    files.sort();
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.extension().is_some_and(|kind| kind == "md")) {
        let text = std::fs::read_to_string(file).map_err(BuildError::file(file))?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let wanted = blocks(&text).into_iter().filter(|block| block.language == language);
        found.extend(wanted.map(|block| (name.clone(), block)));
    }
    Ok(found)
}

/// The blocks of a document, of any language.
fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    let mut hidden = String::new();
    for (at, line) in text.lines().enumerate() {
        let fence = line.trim_start().strip_prefix("```");
        match (&mut open, fence) {
            (Some(_), Some("")) => found.extend(open.take()),
            (Some(block), _) => {
                block.code.push_str(line);
                block.code.push('\n');
            }
            (None, Some(language)) => {
                let language = language.split([',', ' ']).next().unwrap_or_default().to_owned();
                let hidden = std::mem::take(&mut hidden);
                open = Some(Block { line: at + 1, language, hidden, code: String::new() });
            }
            (None, None) => {
                let with = line.strip_prefix("<!-- with: ").and_then(|rest| rest.strip_suffix(" -->"));
                match with {
                    Some(with) => hidden.push_str(&format!("{with}\n")),
                    None if line.is_empty() => {}
                    None => hidden.clear(),
                }
            }
        }
    }
    found
}

/// The files of a block: it is split at lines that name one.
fn files_of(block: &Block) -> Vec<(String, String)> {
    let mut files = vec![(format!("block.{}", block.language), String::new())];
    for line in block.code.lines() {
        let name = line.strip_prefix("// ").and_then(|rest| rest.split([' ', ',', ':']).next());
        match name.filter(|name| is_script(name)) {
            Some(name) => files.push((name.to_owned(), format!("{line}\n"))),
            None => {
                if let Some((_, code)) = files.last_mut() {
                    code.push_str(line);
                    code.push('\n');
                }
            }
        }
    }
    files.retain(|(_, code)| !code.trim().is_empty());
    files
}

fn is_script(name: &str) -> bool {
    let (stem, kind) = name.rsplit_once('.').unwrap_or_default();
    let plain = stem.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    !stem.is_empty() && plain && matches!(kind, "ts" | "tsx" | "js" | "mjs" | "jsx")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_found_with_what_comments_add() {
        let text =
            "<!-- with: const a = 1; -->\n\n```ts\na;\n```\n<!-- with: no -->\ntext\n```js title\nb;\n```\n";
        let block = |line, language: &str, hidden: &str, code: &str| Block {
            line,
            language: language.to_owned(),
            hidden: hidden.to_owned(),
            code: code.to_owned(),
        };
        assert_eq!(blocks(text), [block(3, "ts", "const a = 1;\n", "a;\n"), block(8, "js", "", "b;\n")]);
    }

    #[test]
    fn a_block_is_split_at_names_of_files() {
        let code = "// worker.ts\na;\n\n// page.ts, the page\nb;\n// What c.ts does.\n";
        let block =
            Block { line: 1, language: "ts".to_owned(), hidden: String::new(), code: code.to_owned() };
        let names: Vec<_> = files_of(&block).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["worker.ts", "page.ts,"].map(|name| name.trim_end_matches(',')));
    }
}
