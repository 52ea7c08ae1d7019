//! What a failed test leaves behind, under `target/test-artifacts`.

use std::path::PathBuf;

use xtask::Project;

use crate::Tab;

/// Saves a picture and the console of a page whose test failed, and returns a text for the report.
pub(crate) async fn leave_behind(project: &Project, test: &str, tab: &Tab) -> String {
    let console = tab.console();
    let mut report = String::new();
    if !console.is_empty() {
        report.push_str("\n  the page said:");
        console.iter().for_each(|line| report.push_str(&format!("\n    {}", line.replace('\n', "\n    "))));
    }
    match picture(project, test, tab).await {
        Ok(file) => report.push_str(&format!("\n  screenshot: {}", file.display())),
        Err(error) => report.push_str(&format!("\n  {error:#}")),
    }
    report
}

async fn picture(project: &Project, test: &str, tab: &Tab) -> anyhow::Result<PathBuf> {
    let folder = project.path("target/test-artifacts");
    std::fs::create_dir_all(&folder)?;
    let plain: String =
        test.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect();
    let file = folder.join(format!("{plain}.png"));
    tab.screenshot(&file).await?;
    Ok(file)
}
