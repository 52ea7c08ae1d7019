//! What to do with the batches that are found in storage: whose they are, and what has to go.

use std::collections::HashSet;

use super::DurableSettings;
use super::key::{Key, UnreadableKey};
use crate::pipeline::reason;

/// How long a batch has been stored before anybody but its owner touches it, in milliseconds. A page asks for its
/// sign of life when it first stores something, and has it after much less; and where a page is only put aside by the
/// browser (back/forward cache), an answer that is on its way may still be heard.
pub const DEFAULT_ORPHAN_AGE_MS: u64 = 2_000;
/// The same where pages can give no sign of life, since there are no Web Locks: five minutes, in milliseconds. A page
/// that failed to send something for that long may find that another one has sent it as well.
pub const DEFAULT_LOCKLESS_ORPHAN_AGE_MS: u64 = 300_000;

/// How soon to look again after batches whose owner lives, in milliseconds: a process that dies gives its sign of life
/// for a moment longer, and nobody is told when it stops.
pub const DEFAULT_NEIGHBOR_INTERVAL_MS: u64 = 5_000;

/// What somebody who looks into the storage knows.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// Who looks.
    pub owner: &'a str,
    /// Where the looker sends to: nothing else is taken over.
    pub addresses: &'a [String],
    /// The owners that gave a sign of life; `None` where they cannot.
    pub living: Option<&'a HashSet<String>>,
    /// When that was asked, in milliseconds since the epoch.
    pub asked_ms: u64,
    /// Room for what is taken over, in bytes.
    pub room_bytes: u64,
    /// Room for what is taken over, in batches.
    pub room_batches: usize,
    /// The bounds.
    pub settings: DurableSettings,
}

/// What is to be done, all of it at once or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Batches whose owner is gone, to be taken over: the oldest first.
    pub adopt: Vec<Key>,
    /// Batches to be thrown away, and why.
    pub discard: Vec<(Key, &'static str)>,
    /// Keys that mean nothing to anybody, to be thrown away.
    pub broken: Vec<String>,
    /// When a batch that may not be touched yet may be, in milliseconds since the epoch, or when to look for that.
    pub again_ms: Option<u64>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.adopt.is_empty() && self.discard.is_empty() && self.broken.is_empty()
    }
}

/// Judges what is stored, by its keys.
pub fn plan(keys: impl IntoIterator<Item = String>, view: &View<'_>) -> Plan {
    let mut plan = Plan::default();
    let mut orphans = Vec::new();
    for text in keys {
        match text.parse::<Key>() {
            Ok(key) if key.owner == view.owner => {}
            Ok(key) => match orphan_since(&key, view) {
                since if since > view.asked_ms => {
                    plan.again_ms = Some(plan.again_ms.map_or(since, |other| other.min(since)));
                }
                _ => orphans.push(key),
            },
            Err(UnreadableKey::Newer) => {}
            Err(UnreadableKey::Broken) => plan.broken.push(text),
        }
    }
    orphans.sort_by(|a, b| (a.made_ms, &a.owner, a.number).cmp(&(b.made_ms, &b.owner, b.number)));
    let is_expired = |key: &Key| view.settings.is_expired(key.made_ms, view.asked_ms);
    let (expired, orphans): (Vec<Key>, Vec<Key>) = orphans.into_iter().partition(is_expired);
    plan.discard.extend(expired.into_iter().map(|key| (key, reason::DURABLE_EXPIRED)));
    // What another exporter sends to another address is that one's to bound.
    let mine = orphans.into_iter().filter(|key| view.addresses.contains(&key.address));
    let mine: Vec<Key> = mine.collect();
    let over = over_bounds(&mine, view.settings);
    let mut mine = mine.into_iter();
    plan.discard.extend(mine.by_ref().take(over).map(|key| (key, reason::DURABLE_FULL)));
    let mut room = view.room_bytes;
    for key in mine.take(view.room_batches) {
        let Some(left) = room.checked_sub(key.bytes) else { break };
        room = left;
        plan.adopt.push(key);
    }
    plan
}

/// From when on a batch of somebody else may count as left behind.
fn orphan_since(key: &Key, view: &View<'_>) -> u64 {
    if view.living.is_some_and(|living| living.contains(&key.owner)) {
        return view.asked_ms.saturating_add(DEFAULT_NEIGHBOR_INTERVAL_MS);
    }
    let age = if view.living.is_some() { DEFAULT_ORPHAN_AGE_MS } else { DEFAULT_LOCKLESS_ORPHAN_AGE_MS };
    let since = key.stored_ms.saturating_add(age);
    // A clock that was put back would make it wait for ever.
    if key.stored_ms > view.asked_ms.saturating_add(age) { view.asked_ms } else { since }
}

/// How many of the oldest are too many.
fn over_bounds(oldest_first: &[Key], settings: DurableSettings) -> usize {
    let mut bytes = 0_u64;
    let kept = oldest_first.iter().rev().take(settings.max_batches).take_while(|key| {
        bytes = bytes.saturating_add(key.bytes);
        bytes <= settings.max_bytes
    });
    oldest_first.len() - kept.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::Signal;

    const NOW: u64 = 1_767_225_600_000;
    const SETTINGS: DurableSettings =
        DurableSettings { max_bytes: 100, max_batches: 10, max_age_ms: 1_000_000 };

    fn key(owner: &str, number: u64, age_ms: u64) -> Key {
        Key {
            made_ms: NOW - age_ms,
            stored_ms: NOW - age_ms,
            owner: owner.into(),
            number,
            signal: Signal::Traces,
            items: 1,
            bytes: 20,
            content_type: "application/x-protobuf".into(),
            address: "/v1/traces".into(),
        }
    }

    fn look(keys: &[Key], living: Option<&[&str]>, change: impl FnOnce(&mut View<'_>)) -> Plan {
        let living: Option<HashSet<String>> =
            living.map(|living| living.iter().map(|&owner| owner.to_owned()).collect());
        let addresses = ["/v1/traces".to_owned()];
        let mut view = View {
            owner: "me",
            addresses: &addresses,
            living: living.as_ref(),
            asked_ms: NOW,
            room_bytes: 100,
            room_batches: 10,
            settings: SETTINGS,
        };
        change(&mut view);
        plan(keys.iter().map(Key::to_string), &view)
    }

    #[test]
    fn what_the_dead_left_is_taken_over_oldest_first() {
        let keys =
            [key("dead", 1, 5_000), key("alive", 1, 9_000), key("me", 1, 9_000), key("dead", 0, 7_000)];
        let plan = look(&keys, Some(&["alive", "me"]), |_| {});
        let again_ms = Some(NOW + DEFAULT_NEIGHBOR_INTERVAL_MS);
        assert_eq!(plan, Plan { adopt: vec![keys[3].clone(), keys[0].clone()], again_ms, ..Plan::default() });
    }

    #[test]
    fn what_has_only_just_been_stored_is_looked_at_again() {
        let keys = [key("dead", 0, 1_999), key("dead", 1, 1_500), key("dead", 2, 2_000)];
        let plan = look(&keys, Some(&[]), |_| {});
        assert_eq!((plan.adopt, plan.again_ms), (vec![keys[2].clone()], Some(NOW + 1)));
        // Where nobody can tell, it takes longer.
        let plan = look(&keys, None, |_| {});
        assert_eq!((plan.adopt, plan.again_ms), (vec![], Some(NOW - 2_000 + 300_000)));
        let old = [key("dead", 0, 300_000)];
        assert_eq!(look(&old, None, |_| {}).adopt, old);
        // A clock that was put back.
        let future = [Key { stored_ms: NOW + 86_400_000, ..key("dead", 0, 0) }];
        assert_eq!(look(&future, Some(&[]), |_| {}).adopt, future);
    }

    #[test]
    fn the_oldest_go_when_there_are_too_many_and_the_expired_whoever_they_were_for() {
        let keys: Vec<Key> = (0..7).map(|number| key("dead", number, 10_000 - number)).collect();
        let plan = look(&keys, Some(&[]), |_| {});
        assert_eq!(plan.discard, [(keys[0].clone(), "durable_full"), (keys[1].clone(), "durable_full")]);
        assert_eq!(plan.adopt, keys[2..]);
        let plan = look(&keys, Some(&[]), |view| view.settings.max_batches = 3);
        assert_eq!((plan.discard.len(), plan.adopt), (4, keys[4..].to_vec()));
        let elsewhere = |key: Key| Key { address: "https://b.example".into(), ..key };
        let keys =
            [key("dead", 0, 1_000_001), elsewhere(key("dead", 1, 1_000_001)), elsewhere(key("dead", 2, 1))];
        let plan = look(&keys, Some(&[]), |view| view.asked_ms = NOW);
        let expired: Vec<(Key, &str)> =
            keys[..2].iter().map(|key| (key.clone(), "durable_expired")).collect();
        assert_eq!((plan.discard, plan.adopt), (expired, vec![]));
        // What lives is its owner's to throw away.
        assert!(look(&keys, Some(&["dead"]), |_| {}).is_empty());
    }

    #[test]
    fn no_more_is_taken_over_than_there_is_room_for() {
        let keys: Vec<Key> = (0..5).map(|number| key("dead", number, 10_000 - number)).collect();
        assert_eq!(look(&keys, Some(&[]), |view| view.room_bytes = 59).adopt, keys[..2]);
        assert_eq!(look(&keys, Some(&[]), |view| view.room_batches = 1).adopt, keys[..1]);
        let none = look(&keys, Some(&[]), |view| view.room_bytes = 0);
        assert!(none.is_empty(), "what does not fit stays where it is: {none:?}");
    }

    #[test]
    fn garbage_goes_and_what_is_newer_stays() {
        let addresses = ["/v1/traces".to_owned()];
        let living = HashSet::new();
        let view = View {
            owner: "me",
            addresses: &addresses,
            living: Some(&living),
            asked_ms: NOW,
            room_bytes: 100,
            room_batches: 10,
            settings: SETTINGS,
        };
        let plan = plan(["nonsense".to_owned(), "7 from the future".to_owned()], &view);
        assert_eq!(plan, Plan { broken: vec!["nonsense".to_owned()], ..Plan::default() });
    }
}
