//! The page: its tasks, and what its buttons do.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use atelier_exporters::with_console;
use atelier_runtime::{CallError, CallOptions, RuntimeConfig, Task, TaskConfig, TaskRuntime, page_worker};
use atelier_telemetry::Telemetry;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use js_sys::Array;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use wasm_bindgen::prelude::*;
use web_sys::AbortController;

use crate::counts::Counts;
use crate::dom;
use crate::numbers::NumbersClient;

/// The key of every call that counts, so that one word cancels them all.
const COUNTING: &str = "counting";
/// Calls that a count is cut into.
const PARTS: u32 = 64;

struct Page {
    runtime: TaskRuntime,
    pool: Task,
    single: Task,
    stop: RefCell<Option<AbortController>>,
}

/// Defines the tasks and listens to the buttons.
pub(crate) fn begin() -> Result<(), JsError> {
    let telemetry = Telemetry::new();
    // `?console` shows in the browser's console what the runtime says.
    if dom::is_asked_for("console") {
        let layer = with_console(&telemetry, Level::DEBUG);
        tracing_subscriber::registry().with(layer).try_init()?;
    } else {
        tracing_subscriber::registry().with(telemetry.layer()).try_init()?;
    }

    let runtime = TaskRuntime::new(RuntimeConfig::default());
    let worker = |name| page_worker("numbers_worker", name);
    let parallel = TaskConfig::parallel(dom::processors());
    let pool = runtime.define_task("count", Some("count"), parallel, worker("count"))?;
    let single = runtime.define_task("search", Some("search"), TaskConfig::singleton(), worker("search"))?;

    Counts::new(&runtime, &telemetry, [&pool, &single]).follow()?;
    let page = Rc::new(Page { runtime, pool, single, stop: RefCell::default() });
    page.on("count", count)?;
    page.on("cancel-count", async |page: Rc<Page>| page.runtime.abort_key(COUNTING))?;
    page.on("search", search)?;
    page.on("cancel-search", async |page: Rc<Page>| {
        if let Some(stop) = &*page.stop.borrow() {
            stop.abort();
        }
    })?;
    page.on("caller", caller)?;
    page.on("sieve", sieve)?;
    page.on("typed-error", async |page: Rc<Page>| fail(page.numbers().count_primes(10, 10)).await)?;
    page.on("panic", async |page: Rc<Page>| fail(page.numbers().small_prime(99)).await)?;
    page.on("panic-later", async |page: Rc<Page>| fail(page.numbers().small_prime_later(99)).await)?;
    page.on("no-method", async |page: Rc<Page>| {
        fail(page.pool.call("count_sheep", Array::new(), CallOptions::default())).await;
    })?;
    page.on("wrong-argument", async |page: Rc<Page>| {
        let args = Array::of2(&"two".into(), &10.into());
        fail(page.pool.call("count_primes", args, CallOptions::default())).await;
    })?;
    page.on("timeout", async |page: Rc<Page>| {
        let options = CallOptions { timeout: Some(Duration::from_millis(200)), ..CallOptions::default() };
        fail(NumbersClient::new(page.single.clone()).with(options).find_gap(1_000)).await;
    })?;
    page.on("start-workers", async |page: Rc<Page>| {
        page.pool.start_workers();
        page.single.start_workers();
    })
}

impl Page {
    fn numbers(&self) -> NumbersClient {
        NumbersClient::new(self.pool.clone())
    }

    fn on<F: Future<Output = ()> + 'static>(
        self: &Rc<Page>,
        button: &str,
        act: impl Fn(Rc<Page>) -> F + 'static,
    ) -> Result<(), JsError> {
        let page = self.clone();
        dom::on_click(button, move || wasm_bindgen_futures::spawn_local(act(page.clone())))
    }
}

/// Counts in parts, on all workers at once, and shows how far it is.
async fn count(page: Rc<Page>) {
    let below = match dom::number("below") {
        Ok(below) => below,
        Err(wrong) => return dom::show_error("count-result", &wrong),
    };
    page.runtime.clear_key(COUNTING);
    let numbers = page.numbers().with(CallOptions { key: Some(COUNTING.into()), ..CallOptions::default() });
    let ends = (0..=PARTS).map(|part| (u64::from(below) * u64::from(part) / u64::from(PARTS)) as u32);
    let ends: Vec<u32> = ends.collect();
    let parts = ends.windows(2).filter(|ends| ends[0] < ends[1]);
    let mut calls: FuturesUnordered<_> = parts.map(|ends| numbers.count_primes(ends[0], ends[1])).collect();
    let (all, mut primes) = (calls.len(), 0);
    dom::set_busy("count", true);
    dom::set_progress("count-progress", 0.0);
    dom::show("count-result", "counting …");
    let mut outcome = Ok(());
    while let Some(result) = calls.next().await {
        match result {
            Ok(found) => primes += found,
            Err(error) => {
                // The others are of no use without this one.
                page.runtime.abort_key(COUNTING);
                outcome = Err(error);
                break;
            }
        }
        dom::set_progress("count-progress", 1.0 - calls.len() as f64 / all as f64);
    }
    dom::set_busy("count", false);
    match outcome {
        Ok(()) => dom::show("count-result", &format!("{primes} primes below {below}")),
        Err(error) => dom::show_error("count-result", &described(&error)),
    }
}

/// Searches until it finds, or until its own signal fires.
async fn search(page: Rc<Page>) {
    let gap = match dom::number("gap") {
        Ok(gap) => gap,
        Err(wrong) => return dom::show_error("search-result", &wrong),
    };
    let Ok(stop) = AbortController::new() else { return };
    let options = CallOptions { signal: Some(stop.signal()), ..CallOptions::default() };
    page.stop.replace(Some(stop));
    let numbers = NumbersClient::new(page.single.clone());
    dom::set_busy("search", true);
    dom::show("search-result", "searching …");
    let found = numbers.with(options).find_gap(gap).await;
    dom::set_busy("search", false);
    match found {
        Ok(Some(prime)) => {
            dom::show("search-result", &format!("no prime for {gap} numbers after {prime}"));
        }
        Ok(None) => dom::show("search-result", "there is none in 32 bits"),
        Err(error) => {
            dom::show_error("search-result", &described(&error));
            // The worker answers this when the search before has ended: it heard of the cancellation.
            if let Ok(stopped) = numbers.searches_stopped().await {
                let heard = format!("{}; its worker has stopped {stopped}", described(&error));
                dom::show_error("search-result", &heard);
            }
        }
    }
}

/// Shows a call from its handler's side.
async fn caller(page: Rc<Page>) {
    let options = CallOptions { key: Some("who".into()), ..CallOptions::default() };
    match page.numbers().with(options).caller().await {
        Ok(seen) => dom::show(
            "look",
            &format!(
                "call {}\nkey {}\ntraceparent {}\naborted {}",
                seen.call_id,
                seen.key.unwrap_or_default(),
                seen.traceparent.unwrap_or_default(),
                seen.aborted
            ),
        ),
        Err(error) => dom::show_error("look", &described(&error)),
    }
}

/// Fetches a large result, whose buffer moves.
async fn sieve(page: Rc<Page>) {
    const BELOW: u32 = 4_000_000;
    match page.numbers().sieve(BELOW).await {
        Ok(marks) => {
            let primes = marks.iter().filter(|&&mark| mark == 1).count();
            dom::show("look", &format!("{} bytes, {primes} of them primes", marks.len()));
        }
        Err(error) => dom::show_error("look", &described(&error)),
    }
}

/// Shows how a call failed.
async fn fail<T>(call: impl Future<Output = Result<T, CallError>>) {
    dom::show("failure", "…");
    match call.await {
        Ok(_) => dom::show("failure", "It did not fail."),
        Err(error) => dom::show_error("failure", &described(&error)),
    }
}

/// What a visitor is told of an error: its name, its message, and the cause of a crash.
fn described(error: &CallError) -> String {
    let told = format!("{}: {}", error.name(), error.message());
    match error {
        CallError::Aborted(reason) => format!("{told} ({reason:?})"),
        CallError::Crashed(crash) => format!("{told}\n{}", crash.cause.message),
        _ => told,
    }
}
