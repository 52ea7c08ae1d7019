//! Where things lie in this repository.

use std::path::{Path, PathBuf};

/// The repository's folders.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
}

impl Project {
    /// The repository that this program was built from, or the one that cargo runs it in.
    pub fn here() -> Project {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let built_from = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let member = manifest.filter(|folder| folder.parent().is_some_and(is_root)).unwrap_or(built_from);
        Project::at(member.parent().unwrap_or(&member))
    }

    /// The repository at `root`.
    pub fn at(root: impl Into<PathBuf>) -> Project {
        Project { root: root.into() }
    }

    /// The repository's root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A folder or file, named from the root.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Where `dist` writes the npm package.
    pub fn npm(&self) -> PathBuf {
        self.path("target/npm")
    }

    /// Where the wasm of a page of ours goes, such as `tour` or `rust-app`.
    pub fn web(&self, name: &str) -> PathBuf {
        self.path("target/web").join(name)
    }
}

fn is_root(folder: &Path) -> bool {
    folder.join("xtask").is_dir() && folder.join("Cargo.toml").is_file()
}
