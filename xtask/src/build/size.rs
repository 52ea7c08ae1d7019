//! How large the wasm is, as it lies there and as it travels.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::BuildError;
use super::imports::graph;

/// A file's size in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// The file, named from the folder that was measured.
    pub name: String,
    /// As it is.
    pub raw: usize,
    /// With gzip, best compression.
    pub gzip: usize,
    /// With brotli, best compression.
    pub brotli: usize,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Size { name, raw, gzip, brotli } = self;
        write!(f, "{name:<44} {raw:>10} raw {gzip:>9} gzip {brotli:>9} brotli")
    }
}

/// Measures every wasm module beneath a folder, in the order of their names.
///
/// # Errors
/// A file cannot be read.
pub fn sizes(folder: &Path) -> Result<Vec<Size>, BuildError> {
    modules(folder)?
        .into_iter()
        .map(|file| {
            let bytes = std::fs::read(&file).map_err(BuildError::file(&file))?;
            let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
            let compressed = compressed(&bytes).map_err(BuildError::file(&file))?;
            Ok(Size { name, raw: bytes.len(), gzip: compressed.0, brotli: compressed.1 })
        })
        .collect()
}

fn compressed(bytes: &[u8]) -> std::io::Result<(usize, usize)> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(bytes)?;
    let mut brotli = Vec::new();
    let best = brotli::enc::BrotliEncoderParams { size_hint: bytes.len(), ..Default::default() };
    brotli::BrotliCompress(&mut &*bytes, &mut brotli, &best)?;
    Ok((gzip.finish()?.len(), brotli.len()))
}

/// Measures what a page loads before its first call: the default entry and all that it imports from the start.
///
/// # Errors
/// A file cannot be read.
pub fn size_of_start(folder: &Path) -> Result<Size, BuildError> {
    let mut all = Size { name: "before the first call: index.js".to_owned(), raw: 0, gzip: 0, brotli: 0 };
    let modules = graph(folder, "index.js", false)?;
    all.name = format!("{} and its {} imports", all.name, modules.len() - 1);
    for module in modules {
        let file = folder.join(module);
        let bytes = std::fs::read(&file).map_err(BuildError::file(&file))?;
        let (gzip, brotli) = compressed(&bytes).map_err(BuildError::file(&file))?;
        all.raw += bytes.len();
        all.gzip += gzip;
        all.brotli += brotli;
    }
    Ok(all)
}

/// Every wasm module beneath a folder.
pub(super) fn modules(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let mut found: Vec<_> =
        files(folder)?.into_iter().filter(|file| file.extension().is_some_and(|e| e == "wasm")).collect();
    found.sort();
    Ok(found)
}

/// Every file beneath a folder.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(BuildError::file(folder))? {
        let path = entry.map_err(BuildError::file(folder))?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found_and_measured_wherever_they_lie() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("wasm")).unwrap();
        std::fs::write(folder.path().join("wasm/a_bg.wasm"), vec![7; 10_000]).unwrap();
        std::fs::write(folder.path().join("index.js"), "no module").unwrap();
        let sizes = sizes(folder.path()).unwrap();
        assert_eq!(sizes.len(), 1);
        assert_eq!((sizes[0].name.as_str(), sizes[0].raw), ("wasm/a_bg.wasm", 10_000));
        assert!(sizes[0].gzip < 200 && sizes[0].brotli < sizes[0].gzip, "{}", sizes[0]);
    }

    #[test]
    fn what_is_loaded_later_does_not_count_as_the_start() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in
            [("index.js", "import './a.js'; import('./b.js');"), ("a.js", "1"), ("b.js", "12345")]
        {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let size = size_of_start(folder.path()).unwrap();
        assert_eq!((size.name.as_str(), size.raw), ("before the first call: index.js and its 1 imports", 35));
    }
}
