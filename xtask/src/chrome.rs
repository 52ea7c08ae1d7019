//! Where Chrome or Chromium is, and how to get it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::build::{find_on_path, run, works};
use crate::{BuildError, Progress};

const NAMES: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// Finds a browser: `CHROME`, then PATH, then where macOS and Windows put it.
///
/// # Errors
/// `CHROME` names something that is not there, or there is no browser; the text says what to do.
pub fn find_chrome() -> Result<PathBuf, BuildError> {
    if let Some(named) = std::env::var_os("CHROME").filter(|value| !value.is_empty()) {
        let named = PathBuf::from(named);
        let found =
            if named.components().count() > 1 { named.is_file().then(|| named.clone()) } else { None };
        let found = found.or_else(|| find_on_path(&[&named.to_string_lossy()]));
        return found.ok_or_else(|| {
            BuildError::Missing(format!(
                "CHROME is {}, and that is no program; set it right or unset it",
                named.display()
            ))
        });
    }
    find_on_path(&NAMES).or_else(in_usual_places).ok_or_else(|| {
        BuildError::Missing(
            "no Chrome or Chromium found: install one (on Debian: apt-get install chromium) or set CHROME to its path"
                .to_owned(),
        )
    })
}

fn in_usual_places() -> Option<PathBuf> {
    let mac = PathBuf::from("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
    let windows = ["ProgramFiles", "ProgramFiles(x86)", "LocalAppData"].into_iter().filter_map(|variable| {
        let folder = PathBuf::from(std::env::var_os(variable)?);
        Some(folder.join("Google/Chrome/Application/chrome.exe"))
    });
    std::iter::once(mac).chain(windows).find(|path| path.is_file())
}

/// Finds a browser, or installs Debian's Chromium where that is possible without asking anyone.
///
/// # Errors
/// As for [`find_chrome`]; or the installation failed.
pub fn find_or_install_chrome(progress: &Progress) -> Result<PathBuf, BuildError> {
    let missing = match find_chrome() {
        Ok(found) => return usable(found),
        Err(missing) => missing,
    };
    if std::env::var_os("CHROME").is_some_and(|value| !value.is_empty()) {
        return Err(missing);
    }
    let Some(apt) = find_on_path(&["apt-get"]) else { return Err(missing) };
    let Some(prefix) = privilege() else { return Err(missing) };
    progress.step("install chromium by apt-get", || {
        run(&mut apt_get(&apt, prefix, &["update"]))?;
        run(&mut apt_get(&apt, prefix, &["install", "-y", "--no-install-recommends", "chromium"]))
    })?;
    usable(find_chrome()?)
}

/// What apt-get is run with: nothing as root, `sudo` where it asks for no password; `None` without the right.
fn privilege() -> Option<&'static [&'static str]> {
    let user = Command::new("id").arg("-u").output();
    if user.is_ok_and(|answer| answer.stdout.trim_ascii() == b"0") {
        return Some(&[]);
    }
    works(Command::new("sudo").args(["-n", "true"])).then_some(&["sudo", "-n"])
}

fn apt_get(apt: &Path, prefix: &[&str], arguments: &[&str]) -> Command {
    // `env` sets the variable on the far side of sudo, which does not pass it on.
    let mut words = prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive"]);
    let mut command = Command::new(words.next().unwrap_or("env"));
    command.args(words).arg(apt).args(arguments);
    command
}

/// A browser that cannot even say its version is none (Ubuntu's package is a stub where snap does not run).
fn usable(browser: PathBuf) -> Result<PathBuf, BuildError> {
    if cfg!(windows) || works(Command::new(&browser).arg("--version")) {
        return Ok(browser);
    }
    let shown = browser.display();
    Err(BuildError::Missing(format!(
        "{shown} does not run; install Chrome or Chromium, or set CHROME to its path"
    )))
}
