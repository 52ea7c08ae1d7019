//! The npm package as Vite serves it: modules that ask for `import.meta.env` are given one.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use xtask::Project;

/// What stands in the module, and which environments there are of it.
const ENVIRONMENTS: [(&str, &str); 3] =
    [("dev", "{ DEV: true }"), ("prod", "{ DEV: false, PROD: true }"), ("bare", "{ MODE: 'test' }")];

/// Copies the package once for each environment and returns the folder of them all, which pages see as `/bundled/`.
pub(crate) fn bundle(project: &Project) -> Result<PathBuf> {
    let folder = project.path("target/bundled");
    for (name, env) in ENVIRONMENTS {
        copy(&project.npm(), &folder.join(name), env)?;
    }
    Ok(folder)
}

fn copy(from: &Path, to: &Path, env: &str) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let source = entry?.path();
        let target = to.join(source.file_name().unwrap_or_default());
        if source.is_dir() {
            copy(&source, &target, env)?;
            continue;
        }
        let content = fs::read(&source).with_context(|| source.display().to_string())?;
        let asks = source.extension().is_some_and(|kind| kind == "js")
            && String::from_utf8_lossy(&content).contains("import.meta.env");
        let head = if asks { format!("import.meta.env = {env};\n") } else { String::new() };
        fs::write(&target, [head.as_bytes(), &content].concat())
            .with_context(|| target.display().to_string())?;
    }
    Ok(())
}
