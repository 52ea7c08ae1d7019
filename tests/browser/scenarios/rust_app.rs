//! The page in Rust, used as a visitor would; what it shows is checked against what is computed here.

use anyhow::{Result, bail, ensure};
use atelier_tests::{Scene, Tab};

/// Which numbers below a limit are prime.
fn sieve(below: usize) -> Vec<bool> {
    let mut prime = vec![true; below];
    for number in 0..below {
        if number < 2 {
            prime[number] = false;
        } else if prime[number] {
            for multiple in (number * number..below).step_by(number) {
                prime[multiple] = false;
            }
        }
    }
    prime
}

fn primes_below(below: usize) -> usize {
    sieve(below).into_iter().filter(|&prime| prime).count()
}

/// The prime before the first gap of at least this many.
fn first_gap(least: usize) -> Option<usize> {
    let primes: Vec<usize> =
        (0..).zip(sieve(1_000_000)).filter_map(|(n, prime)| prime.then_some(n)).collect();
    primes.windows(2).find(|pair| pair[1] - pair[0] >= least).map(|pair| pair[0])
}

/// Opens the page and waits until its module has begun it.
async fn open(scene: &Scene) -> Result<&Tab> {
    scene.tab.goto("/rust-app/").await?;
    let _: bool = scene.tab.until("document.querySelector('#count-dispatched').textContent === '0'").await?;
    Ok(&scene.tab)
}

async fn set(tab: &Tab, input: &str, value: &str) -> Result<()> {
    tab.eval(&format!("void (document.querySelector('{input}').value = '{value}')")).await
}

async fn text(tab: &Tab, selector: &str) -> Result<String> {
    tab.eval(&format!("document.querySelector('{selector}').textContent")).await
}

/// Waits until an element's text has this in it, and returns all of it.
async fn until_says(tab: &Tab, selector: &str, part: &str) -> Result<String> {
    let part = serde_json::to_string(part)?;
    tab.until(&format!(
        "(text => text.includes({part}) && text)(document.querySelector('{selector}').textContent)"
    ))
    .await
}

/// Counts the primes below a limit, and waits for the result.
async fn count(tab: &Tab, below: usize) -> Result<()> {
    set(tab, "#below", &below.to_string()).await?;
    tab.click("#count").await?;
    let expected = format!("{} primes below {below}", primes_below(below));
    assert_eq!(until_says(tab, "#count-result", "below").await?, expected);
    Ok(())
}

pub(crate) async fn counts(scene: &Scene) -> Result<()> {
    let tab = open(scene).await?;
    count(tab, 2_000_000).await?;
    assert_eq!(until_says(tab, "#count-success", "64").await?, "64");
    assert_eq!(until_says(tab, "#count-in-flight", "0").await?, "0");
    assert_eq!(text(tab, "#count-dispatched").await?, "64");
    let processors: u32 = tab.eval("navigator.hardwareConcurrency").await?;
    assert_eq!(text(tab, "#count-workers").await?, processors.min(64).to_string());
    assert_eq!(tab.eval::<f64>("document.querySelector('#count-progress').value").await?, 1.0);
    // Bounds: none, one and a number that the input refuses.
    count(tab, 0).await?;
    count(tab, 3).await?;
    set(tab, "#below", "-1").await?;
    tab.click("#count").await?;
    let _: bool = tab.until("document.querySelector('#count-result').classList.contains('error')").await?;
    assert_eq!(text(tab, "#count-dispatched").await?, "67");
    assert_eq!(tab.console(), [""; 0]);
    Ok(())
}

pub(crate) async fn cancels_a_count(scene: &Scene) -> Result<()> {
    let tab = open(scene).await?;
    set(tab, "#below", "50000000").await?;
    tab.click("#count").await?;
    let _: bool = tab.until("!document.querySelector('#cancel-count').disabled").await?;
    tab.click("#cancel-count").await?;
    let said = until_says(tab, "#count-result", "AbortError").await?;
    assert_eq!(said, "AbortError: Task was aborted (Key)");
    let _: bool = tab.until("document.querySelector('#count-canceled').textContent > 0").await?;
    // The key is cleared for the next one.
    count(tab, 10_000).await
}

pub(crate) async fn searches(scene: &Scene) -> Result<()> {
    let tab = open(scene).await?;
    tab.click("#search").await?;
    let found = first_gap(100).map(|prime| format!("no prime for 100 numbers after {prime}"));
    assert_eq!(Some(until_says(tab, "#search-result", "after").await?), found);
    for stopped in 1..=2 {
        set(tab, "#gap", "1000").await?;
        tab.click("#search").await?;
        let _: bool = tab.until("document.querySelector('#search-in-flight').textContent === '1'").await?;
        tab.click("#cancel-search").await?;
        let said = until_says(tab, "#search-result", "has stopped").await?;
        assert_eq!(said, format!("AbortError: Task was aborted (Signal); its worker has stopped {stopped}"));
    }
    assert_eq!(text(tab, "#search-crashed").await?, "0");
    Ok(())
}

pub(crate) async fn looks_at_calls(scene: &Scene) -> Result<()> {
    let tab = open(scene).await?;
    tab.click("#caller").await?;
    let said = until_says(tab, "#look", "aborted").await?;
    let lines: Vec<&str> = said.lines().collect();
    let [call, "key who", trace, "aborted false"] = lines[..] else { bail!("{said}") };
    ensure!(call == "call 1", "{call}");
    let parts: Vec<&str> = trace.strip_prefix("traceparent ").unwrap_or_default().split('-').collect();
    ensure!(parts.iter().map(|part| part.len()).eq([2, 32, 16, 2]), "{trace}");
    tab.click("#sieve").await?;
    let said = until_says(tab, "#look", "bytes").await?;
    assert_eq!(said, format!("4000000 bytes, {} of them primes", primes_below(4_000_000)));
    Ok(())
}

pub(crate) async fn shows_errors(scene: &Scene) -> Result<()> {
    let tab = open(scene).await?;
    for (button, expected) in [
        ("#typed-error", "NumberError: there is no number from 10 up to 10"),
        ("#no-method", "Error: Method 'count_sheep' not found on worker handlers"),
        (
            "#wrong-argument",
            "TypeError: argument 'from' (number 1): invalid type: string \"two\", expected u32",
        ),
        ("#timeout", "AbortError: Task was aborted (Timeout)"),
    ] {
        tab.click(button).await?;
        let name = expected.split_inclusive(':').next().unwrap_or(expected);
        assert_eq!(until_says(tab, "#failure", name).await?, expected, "{button}");
    }
    assert_eq!(until_says(tab, "#count-failure", "3").await?, "3");
    assert_eq!(until_says(tab, "#search-canceled", "1").await?, "1");
    assert_eq!(text(tab, "#count-crashed").await?, "0");
    count(tab, 1_000).await
}

/// Presses a button that makes a handler panic, and checks what is said of it.
async fn panic(tab: &Tab, button: &str) -> Result<()> {
    tab.click(button).await?;
    let said = until_says(tab, "#failure", "Worker").await?;
    let lines: Vec<&str> = said.lines().collect();
    let [crash, place, message] = lines[..] else { bail!("{button}: {said}") };
    assert!(crash.starts_with("WorkerCrashedError: Worker crashed for task 'count': "), "{crash}");
    ensure!(place.starts_with("panicked at examples/rust-app/src/numbers.rs:"), "{button}: {place}");
    assert_eq!(message, "index out of bounds: the len is 10 but the index is 99");
    Ok(())
}

pub(crate) async fn survives_panics(scene: &Scene) -> Result<()> {
    let tab = open(scene).await?;
    // Each success begins a new row of crashes, so that none of them is one too many.
    for crashes in 1..=3 {
        panic(tab, if crashes % 2 == 1 { "#panic" } else { "#panic-later" }).await?;
        count(tab, 10_000).await?;
        assert_eq!(until_says(tab, "#count-crashed", &crashes.to_string()).await?, crashes.to_string());
    }
    // The fourth in a row is one too many; until then the pool recovers by itself.
    for _ in 0..4 {
        panic(tab, "#panic-later").await?;
    }
    let _: bool = tab.until("!document.querySelector('#start-workers').hidden").await?;
    panic(tab, "#typed-error").await?;
    tab.click("#start-workers").await?;
    let _: bool = tab.until("document.querySelector('#start-workers').hidden").await?;
    count(tab, 10_000).await
}

/// What the runtime says is in the browser's console where the page asks for it, and nowhere else.
pub(crate) async fn says_in_console(scene: &Scene) -> Result<()> {
    let told = |lines: Vec<String>| lines.into_iter().filter(|line| line.contains("atelier.task.id")).count();
    let tab = open(scene).await?;
    count(tab, 1_000).await?;
    assert_eq!(told(tab.console()), 0, "{:?}", tab.console());
    tab.goto("/rust-app/?console").await?;
    let _: bool = tab.until("document.querySelector('#count-dispatched').textContent === '0'").await?;
    count(tab, 1_000).await?;
    assert_eq!(told(tab.console()), 2, "{:?}", tab.console());
    Ok(())
}
