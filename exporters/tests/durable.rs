//! What waits in the durable queue: when it is stored, who sends it, and what becomes of it in the ledger.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod support;

use atelier_exporters::durable::DurableSettings;
use atelier_exporters::pipeline::{
    DEFAULT_MAX_ATTEMPTS, DEFAULT_MAX_BACKOFF_MS, DEFAULT_MIN_BACKOFF_MS, Settings, reason,
};
use atelier_exporters::{OtlpConfig, Signal};
use support::{Account, Origin};

fn account(emitted: u64, delivered: u64, dropped: &[(&str, u64)]) -> Account {
    let dropped = dropped.iter().map(|(why, n)| ((*why).to_owned(), *n)).collect();
    Account { emitted, delivered, rejected: 0, dropped }
}

fn bounded(max_bytes: u64, max_age_ms: u64) -> Settings {
    let config = OtlpConfig { signals: vec![Signal::Traces], max_batch_size: 8, ..OtlpConfig::default() };
    let durable = DurableSettings { max_bytes, max_age_ms, ..DurableSettings::default() };
    Settings { durable: Some(durable), ..Settings::from(&config) }
}

#[test]
fn what_is_delivered_at_once_is_never_stored() {
    let mut origin = Origin::default();
    let tab = origin.open();
    for _ in 0..10 {
        origin.emit(tab, 8);
        origin.take(tab, true);
        assert!(!origin.store(tab), "storage is not asked");
    }
    assert_eq!(origin.tabs[tab].account(), account(80, 80, &[]));
}

#[test]
fn what_fails_once_is_stored_and_deleted_when_it_is_settled() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 8);
    origin.turn_away(tab);
    assert!(origin.store(tab));
    assert_eq!((origin.storage.len(), origin.tabs[tab].account().pending()), (1, 8));
    origin.pass(2_000);
    origin.turn_away(tab);
    assert!(!origin.store(tab), "once is enough");
    origin.pass(4_000);
    origin.take(tab, true);
    assert!(origin.store(tab));
    assert_eq!((origin.storage.len(), origin.tabs[tab].account()), (0, account(8, 8, &[])));
}

#[test]
fn while_the_collector_is_down_batches_wait_and_others_get_a_turn() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 8);
    origin.turn_away(tab);
    origin.emit(tab, 20);
    origin.pass(5_000);
    while origin.store(tab) {}
    assert_eq!(origin.stored.len(), 28, "whatever is due is stored while it cannot leave");
    let mut tried = std::collections::HashSet::new();
    for _ in 0..DEFAULT_MAX_ATTEMPTS * 2 {
        tried.extend(origin.tabs[tab].out.iter().flat_map(|(_, calls)| calls.clone()));
        origin.turn_away(tab);
        origin.pass(2 * DEFAULT_MAX_BACKOFF_MS);
    }
    assert!(tried.len() > 8, "more than one batch was tried: {tried:?}");
    assert_eq!(origin.tabs[tab].account(), account(28, 0, &[]), "nothing is given up");
    origin.recover(60_000);
    assert_eq!(origin.tabs[tab].account(), account(28, 28, &[]));
    assert_eq!((origin.storage.len(), origin.taken.len()), (0, 28));
}

#[test]
fn without_a_network_attempts_are_rare_and_with_one_all_leaves_at_once() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.drive(tab, |pipeline, now| pipeline.handle_online(false, now));
    for _ in 0..5 {
        origin.emit(tab, 8);
        origin.turn_away(tab);
        let then = origin.now_ms;
        while origin.tabs[tab].out.is_empty() {
            origin.pass(500);
        }
        let waited = origin.now_ms - then;
        let seldom = DEFAULT_MAX_BACKOFF_MS / 2..=2 * DEFAULT_MAX_BACKOFF_MS;
        assert!(seldom.contains(&waited), "{waited}");
    }
    origin.turn_away(tab);
    while origin.store(tab) {}
    assert_eq!((origin.stored.len(), origin.tabs[tab].account()), (40, account(40, 0, &[])));
    origin.drive(tab, |pipeline, now| pipeline.handle_online(true, now));
    assert_eq!(origin.tabs[tab].out.len(), 1);
    origin.recover(10_000);
    assert_eq!(origin.tabs[tab].account(), account(40, 40, &[]));
}

#[test]
fn a_browser_that_is_wrong_about_its_network_loses_nothing_by_it() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.drive(tab, |pipeline, now| pipeline.handle_online(false, now));
    origin.emit(tab, 40);
    let began = origin.now_ms;
    while !origin.tabs[tab].out.is_empty() {
        origin.take(tab, true);
    }
    assert_eq!((origin.tabs[tab].account(), origin.now_ms), (account(40, 40, &[]), began));
    // What fails then is tried again as soon as ever.
    origin.emit(tab, 8);
    origin.turn_away(tab);
    origin.pass(2 * DEFAULT_MIN_BACKOFF_MS);
    assert_eq!(origin.tabs[tab].out.len(), 1);
}

#[test]
fn a_flush_is_over_at_once_where_nothing_can_be_sent() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 3);
    origin.drive(tab, |pipeline, now| pipeline.handle_suspended(now));
    let flush = origin.drive(tab, |pipeline, now| pipeline.flush(now));
    assert_eq!(origin.tabs[tab].flushed, [flush]);
    assert_eq!(origin.tabs[tab].account(), account(3, 0, &[]), "they stay pending");
}

#[test]
fn a_page_that_may_go_stores_all_it_has_and_what_it_makes_from_then_on() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 8);
    assert_eq!(origin.tabs[tab].out.len(), 1, "a batch is out");
    origin.emit(tab, 20);
    origin.drive(tab, |pipeline, now| pipeline.handle_leaving(30, now));
    while origin.store(tab) {}
    assert_eq!(origin.stored.len(), 28, "what is out as well");
    assert!(origin.storage.values().skip(1).all(|body| body.len() <= 30));
    origin.emit(tab, 1);
    origin.recover(10_000);
    assert_eq!((origin.stored.len(), origin.tabs[tab].account()), (29, account(29, 29, &[])));
    origin.drive(tab, |pipeline, _| pipeline.handle_staying());
    origin.emit(tab, 8);
    origin.take(tab, true);
    assert!(!origin.store(tab), "it stays");
}

#[test]
fn bounds_hold_and_what_they_cost_is_counted() {
    let mut origin = Origin { settings: Some(bounded(60, 10_000_000)), ..Origin::default() };
    let tab = origin.open();
    origin.drive(tab, |pipeline, now| pipeline.handle_suspended(now));
    // Eight numbers of two digits are 24 bytes.
    origin.emit(tab, 10);
    for _ in 0..5 {
        origin.emit(tab, 8);
    }
    origin.pass(5_000);
    while origin.store(tab) {}
    let bytes: usize = origin.storage.values().map(|body| body.len()).sum();
    assert!(bytes <= 60 && bytes > 30, "{bytes}");
    let dropped = origin.tabs[tab].account().dropped[reason::DURABLE_FULL];
    assert_eq!(origin.tabs[tab].account().pending(), 50 - dropped);
    // And in time.
    let mut origin = Origin { settings: Some(bounded(1_000, 3_600_000)), ..Origin::default() };
    let tab = origin.open();
    origin.drive(tab, |pipeline, now| pipeline.handle_suspended(now));
    origin.emit(tab, 8);
    origin.pass(3_700_000);
    while origin.store(tab) {}
    assert_eq!(origin.tabs[tab].account(), account(8, 0, &[(reason::DURABLE_EXPIRED, 8)]));
    assert!(origin.storage.is_empty());
}

#[test]
fn what_the_dead_left_counts_where_it_is_taken_over() {
    let mut origin = Origin { settings: Some(bounded(1_000, 3_600_000)), ..Origin::default() };
    let tab = origin.open();
    origin.emit(tab, 16);
    origin.turn_away(tab);
    while origin.store(tab) {}
    assert_eq!(origin.stored.len(), 16);
    origin.crash(tab, false);
    origin.storage.insert("nonsense".to_owned(), b"1 2 3".to_vec().into());
    origin.storage.insert("9 of a time to come".to_owned(), b"4 5 6".to_vec().into());
    let heir = origin.open();
    origin.recover(1_000);
    assert_eq!(origin.tabs[heir].account().emitted, 0, "a moment is given to the dead");
    assert!(origin.tabs[heir].last_error().contains("1 entries"), "{}", origin.tabs[heir].last_error());
    origin.recover(5_000);
    let taken = origin.tabs[heir].account();
    assert_eq!((taken.emitted, taken.delivered), (origin.stored.len() as u64, origin.stored.len() as u64));
    assert_eq!(origin.storage.keys().collect::<Vec<_>>(), ["9 of a time to come"]);
    // Too late.
    origin.emit(heir, 8);
    origin.turn_away(heir);
    while origin.store(heir) {}
    origin.crash(heir, false);
    origin.pass(3_700_000);
    let heir = origin.open();
    origin.recover(5_000);
    assert_eq!(origin.tabs[heir].account(), account(8, 0, &[(reason::DURABLE_EXPIRED, 8)]));
}

#[test]
fn who_is_shut_down_leaves_what_is_left_to_whoever_comes() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 8);
    origin.turn_away(tab);
    while origin.store(tab) {}
    origin.emit(tab, 3);
    origin.drive(tab, |pipeline, now| pipeline.shutdown(now));
    origin.turn_away(tab);
    // It came while the rest is being stored: too late.
    origin.emit(tab, 2);
    assert!(!origin.tabs[tab].pipeline.is_stopped(), "storage has not answered");
    while origin.store(tab) {}
    assert!(origin.tabs[tab].pipeline.is_stopped(), "and nothing else is waited for");
    let account_then = origin.tabs[tab].account();
    assert_eq!(account_then, account(13, 0, &[(reason::HANDED_OVER, 11), (reason::SHUTDOWN, 2)]));
    origin.crash(tab, false);
    let heir = origin.open();
    origin.recover(10_000);
    assert_eq!(origin.tabs[heir].account(), account(11, 11, &[]));
}

#[test]
fn a_shutdown_without_a_network_is_over_when_all_is_stored() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.drive(tab, |pipeline, now| pipeline.handle_online(false, now));
    origin.emit(tab, 20);
    let then = origin.now_ms;
    let shutdown = origin.drive(tab, |pipeline, now| pipeline.shutdown(now));
    // Each is tried once, since the browser may be wrong.
    origin.turn_away(tab);
    assert!(!origin.tabs[tab].flushed.contains(&shutdown));
    while origin.store(tab) {}
    assert!(origin.tabs[tab].flushed.contains(&shutdown) && origin.now_ms == then);
    assert_eq!(origin.tabs[tab].account(), account(20, 0, &[(reason::HANDED_OVER, 20)]));
}

#[test]
fn a_shutdown_waits_for_a_storage_that_does_not_answer_but_not_for_ever() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.drive(tab, |pipeline, now| pipeline.handle_suspended(now));
    origin.emit(tab, 5);
    origin.drive(tab, |pipeline, now| pipeline.shutdown(now));
    origin.pass(1_999);
    assert!(!origin.tabs[tab].pipeline.is_stopped());
    origin.pass(1);
    assert!(origin.tabs[tab].pipeline.is_stopped());
    assert_eq!(origin.tabs[tab].account(), account(5, 0, &[(reason::SHUTDOWN, 5)]));
}

#[test]
fn a_page_that_goes_while_its_exporter_is_shut_down_loses_nothing() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 20);
    origin.drive(tab, |pipeline, now| pipeline.shutdown(now));
    assert_eq!(origin.tabs[tab].out.len(), 1, "a batch is out, and nobody will hear the answer");
    origin.drive(tab, |pipeline, now| pipeline.handle_leaving(40_960, now));
    origin.drive(tab, |pipeline, now| pipeline.handle_suspended(now));
    while origin.store(tab) {}
    assert_eq!(origin.stored.len(), 20);
}

#[test]
fn what_comes_while_a_hidden_page_waits_for_an_answer_is_stored_in_time() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 8);
    origin.drive(tab, |pipeline, now| pipeline.handle_leaving(40_960, now));
    assert_eq!(origin.tabs[tab].out.len(), 1);
    // Too few for a batch; and the pipeline has them already when the page says again that it goes.
    origin.emit(tab, 3);
    origin.drive(tab, |pipeline, now| pipeline.handle_leaving(40_960, now));
    while origin.store(tab) {}
    assert_eq!(origin.stored.len(), 11);
    // It does not go, nor does the answer come: what is due is stored.
    origin.emit(tab, 3);
    origin.pass(5_000);
    while origin.store(tab) {}
    assert_eq!(origin.stored.len(), 14);
}

#[test]
fn a_page_that_is_hidden_and_stays_loses_nothing_to_a_small_bound() {
    let mut origin = Origin { settings: Some(bounded(30, 60_000)), ..Origin::default() };
    let tab = origin.open();
    origin.emit(tab, 100);
    origin.drive(tab, |pipeline, now| pipeline.handle_leaving(20, now));
    origin.recover(60_000);
    assert_eq!(origin.tabs[tab].account(), account(100, 100, &[]));
}

#[test]
fn a_page_put_aside_does_not_send_what_another_took_over() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.emit(tab, 8);
    origin.turn_away(tab);
    origin.emit(tab, 8);
    origin.pass(20_000);
    while origin.store(tab) {}
    origin.drive(tab, |pipeline, now| pipeline.handle_suspended(now));
    origin.put_aside(tab);
    let other = origin.open();
    origin.recover(10_000);
    assert_eq!(origin.tabs[other].account(), account(16, 16, &[]));
    origin.resume(tab);
    origin.emit(tab, 8);
    origin.recover(10_000);
    assert_eq!(origin.tabs[tab].account(), account(24, 8, &[(reason::HANDED_OVER, 16)]));
    assert!(origin.taken.values().all(|&times| times == 1));
}

#[test]
fn a_storage_that_takes_nothing_is_told_of_once_and_costs_nothing_else() {
    let mut origin = Origin::default();
    let tab = origin.open();
    origin.tabs[tab].broken = true;
    origin.emit(tab, 8);
    origin.turn_away(tab);
    while origin.store(tab) {}
    let said = origin.tabs[tab].last_error();
    assert!(said.contains("memory only") && said.contains("QuotaExceededError"), "{said}");
    *origin.tabs[tab].source.last_error.borrow_mut() = None;
    origin.emit(tab, 16);
    origin.pass(20_000);
    while origin.store(tab) {}
    assert!(!origin.tabs[tab].last_error().contains("memory only"));
    origin.recover(60_000);
    assert_eq!(origin.tabs[tab].account(), account(24, 24, &[]));
}

/// Numbers that look random, the same for the same seed (Knuth's MMIX generator).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % sides as u64) as usize
    }
}

fn step(origin: &mut Origin, dice: &mut Dice) {
    if origin.tabs.is_empty() || origin.tabs.len() < 4 && dice.roll(12) == 0 {
        origin.open();
    }
    let tab = dice.roll(origin.tabs.len());
    if origin.tabs[tab].aside {
        if dice.roll(4) == 0 {
            origin.resume(tab);
        }
        return;
    }
    match dice.roll(16) {
        0 => origin.crash(tab, dice.roll(2) == 0),
        1 => origin.drive(tab, |pipeline, now| pipeline.handle_leaving(40, now)),
        2 => origin.drive(tab, |pipeline, _| pipeline.handle_staying()),
        3 => {
            let is_online = dice.roll(2) == 0;
            origin.drive(tab, |pipeline, now| pipeline.handle_online(is_online, now));
        }
        4 => {
            origin.drive(tab, |pipeline, now| {
                pipeline.handle_leaving(40, now);
                pipeline.handle_suspended(now);
            });
            origin.put_aside(tab);
        }
        5 | 6 => origin.take(tab, true),
        7 => origin.take(tab, false),
        8 => origin.turn_away(tab),
        9 | 10 => drop(origin.store(tab)),
        11 => origin.take_over(tab),
        _ => origin.emit(tab, dice.roll(12) as u64),
    }
    origin.pass(dice.roll(3_000) as u64);
    for tab in &origin.tabs {
        // Nothing is settled twice, nor more than there was.
        tab.account().pending();
    }
}

fn live(seed: u64) {
    let mut dice = Dice(seed);
    let mut origin = Origin::default();
    for _ in 0..400 {
        step(&mut origin, &mut dice);
    }
    for tab in 0..origin.tabs.len() {
        if origin.tabs[tab].aside {
            origin.resume(tab);
        }
        origin.drive(tab, |pipeline, now| pipeline.handle_online(true, now));
    }
    if origin.tabs.is_empty() {
        origin.open();
    }
    origin.recover(300_000);
    assert!(origin.storage.is_empty(), "{} batches are left over", origin.storage.len());
    let lost: Vec<_> = origin.stored.iter().filter(|call| !origin.taken.contains_key(call)).collect();
    assert!(lost.is_empty(), "was stored, and lost: {lost:?}");
    for tab in &origin.tabs {
        let account = tab.account();
        assert_eq!(account.pending(), 0);
        assert!(account.dropped.keys().all(|why| why == reason::HANDED_OVER), "{account:?}");
    }
    let twice = origin.taken.iter().filter(|(_, times)| **times > 1).map(|(call, _)| call);
    let odd: Vec<_> = twice.filter(|call| !origin.unsure.contains(call)).collect();
    assert!(odd.is_empty(), "came twice without a reason: {odd:?}");
}

#[test]
fn nothing_that_was_stored_is_lost_and_duplicates_have_a_reason() {
    for seed in 0..60 {
        let outcome = std::panic::catch_unwind(|| live(seed));
        assert!(outcome.is_ok(), "seed {seed}");
    }
}
