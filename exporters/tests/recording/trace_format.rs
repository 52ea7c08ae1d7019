//! A reader of the Trace Event Format that believes nothing: written from the format's description, not from our writer.

use std::collections::HashMap;

use serde_json::Value;

/// One event, checked as far as it can be alone. Times in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) ph: char,
    pub(crate) name: String,
    pub(crate) cat: String,
    pub(crate) id: String,
    pub(crate) pid: u64,
    pub(crate) tid: u64,
    pub(crate) ts: i64,
    pub(crate) dur: i64,
    pub(crate) args: Value,
}

fn nanoseconds(value: &Value) -> i64 {
    let microseconds = value.as_f64().expect("a time is a number");
    assert!(microseconds.is_finite() && microseconds >= 0.0, "a time is {microseconds}");
    (microseconds * 1e3).round() as i64
}

/// Reads a trace and checks every rule of the format.
pub(crate) fn checked(json: &[u8]) -> Vec<Event> {
    let trace: Value = serde_json::from_slice(json).expect("it is JSON");
    let events: Vec<Event> =
        trace["traceEvents"].as_array().expect("it has events").iter().map(event).collect();
    complete_events_nest(&events);
    async_events_pair(&events);
    flows_go_forward(&events);
    events
}

fn event(value: &Value) -> Event {
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let ph = value["ph"].as_str().and_then(|ph| ph.chars().next()).expect("an event has a phase");
    let number = |name: &str| value[name].as_u64().unwrap_or_else(|| panic!("{name} of {value}"));
    let event = Event {
        ph,
        name: text("name"),
        cat: text("cat"),
        id: text("id"),
        pid: number("pid"),
        tid: number("tid"),
        ts: nanoseconds(&value["ts"]),
        dur: if ph == 'X' { nanoseconds(&value["dur"]) } else { 0 },
        args: value["args"].clone(),
    };
    assert!(!event.name.is_empty(), "{value}");
    match ph {
        'X' => {}
        'b' | 'e' | 's' | 't' | 'f' => assert!(!event.cat.is_empty() && !event.id.is_empty(), "{value}"),
        'C' => {
            let series = event.args.as_object().expect("a counter has series");
            assert!(!series.is_empty() && series.values().all(Value::is_number), "{value}");
        }
        'i' => assert!(["g", "p", "t"].contains(&value["s"].as_str().unwrap_or_default()), "{value}"),
        'M' => match event.name.as_str() {
            "process_name" | "thread_name" => assert!(event.args["name"].is_string(), "{value}"),
            "process_sort_index" | "thread_sort_index" => {
                assert!(event.args["sort_index"].is_number(), "{value}")
            }
            other => panic!("metadata {other}"),
        },
        other => panic!("phase {other}"),
    }
    event
}

/// "X" events of one thread lie beside or within each other.
fn complete_events_nest(events: &[Event]) {
    let mut threads: HashMap<(u64, u64), Vec<&Event>> = HashMap::new();
    for event in events.iter().filter(|it| it.ph == 'X') {
        threads.entry((event.pid, event.tid)).or_default().push(event);
    }
    for mut thread in threads.into_values() {
        thread.sort_by_key(|it| (it.ts, -it.dur));
        let mut open: Vec<&Event> = Vec::new();
        for event in thread {
            while open.last().is_some_and(|last| last.ts + last.dur <= event.ts) {
                open.pop();
            }
            if let Some(around) = open.last() {
                assert!(event.ts + event.dur <= around.ts + around.dur, "{event:?} leaves {around:?}");
            }
            open.push(event);
        }
    }
}

/// "b" and "e" of one category and id pair like brackets, in the order of time (of the file where that is the same).
fn async_events_pair(events: &[Event]) {
    let mut ids: HashMap<(&str, &str), Vec<&Event>> = HashMap::new();
    for event in events.iter().filter(|it| matches!(it.ph, 'b' | 'e')) {
        ids.entry((&event.cat, &event.id)).or_default().push(event);
    }
    for mut list in ids.into_values() {
        list.sort_by_key(|it| it.ts);
        let mut open: Vec<&Event> = Vec::new();
        for event in list {
            if event.ph == 'b' {
                open.push(event);
            } else {
                let begun = open.pop().unwrap_or_else(|| panic!("{event:?} ends what has not begun"));
                assert_eq!((&begun.name, begun.pid), (&event.name, event.pid));
            }
        }
        assert!(open.is_empty(), "{open:?} never end");
    }
}

/// A flow has one beginning and one end, goes forward in time, and each of its points lies in a slice of its thread.
fn flows_go_forward(events: &[Event]) {
    let mut flows: HashMap<(&str, &str, &str), Vec<&Event>> = HashMap::new();
    for event in events.iter().filter(|it| matches!(it.ph, 's' | 't' | 'f')) {
        flows.entry((&event.cat, &event.name, &event.id)).or_default().push(event);
    }
    let slices: Vec<&Event> = events.iter().filter(|it| it.ph == 'X').collect();
    for flow in flows.into_values() {
        let phases: String = flow.iter().map(|it| it.ph).collect();
        assert!(phases.starts_with('s') && phases.ends_with('f'), "{phases}");
        assert!(phases[1..phases.len() - 1].chars().all(|ph| ph == 't'), "{phases}");
        assert!(flow.windows(2).all(|pair| pair[0].ts <= pair[1].ts), "{flow:?} goes back");
        for point in flow {
            let at = |it: &&&Event| (it.pid, it.tid) == (point.pid, point.tid);
            let covers = |it: &&&Event| it.ts <= point.ts && point.ts <= it.ts + it.dur;
            assert!(slices.iter().any(|it| at(&it) && covers(&it)), "{point:?} lies in no slice");
        }
    }
}

/// What a process or a thread is called.
pub(crate) fn name_of<'a>(events: &'a [Event], kind: &str, pid: u64, tid: u64) -> &'a str {
    let named = events.iter().find(|it| it.ph == 'M' && it.name == kind && it.pid == pid && it.tid == tid);
    named.and_then(|it| it.args["name"].as_str()).expect("it has a name")
}
