//! The pane of findings: what the linter has to say, each with its numbers, what to change, and the way to the calls.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use atelier_telemetry::lint::FindingKind;
use web_sys::{Event, HtmlElement};

use crate::model::{FindingRow, Link, Source, finding_rows};
use crate::view::cells::LongText;
use crate::view::dom::{Listeners, Live, Make, Told, clear, must, put_in_order};
use crate::view::host::{Around, Host, Pane};

/// The pane's own rules.
pub(crate) const STYLE: &str = include_str!("findings.css");

/// How many characters of a sentence, and of a task's name, are shown unopened.
const SENTENCE_CHARACTERS: usize = 400;
const NAME_CHARACTERS: usize = 60;

/// What names a finding: which one it is, and the task it is about.
type Key = (String, Option<String>);

/// The pane.
pub(crate) struct FindingsPane {
    make: Make,
    panel: Rc<dyn Around>,
    pane: HtmlElement,
    summary: Live,
    list: HtmlElement,
    shown: RefCell<HashMap<Key, Card>>,
    order: RefCell<Vec<Key>>,
    empty: Live,
}

/// One finding on the screen.
struct Card {
    card: HtmlElement,
    severity: Live,
    task: LongText,
    message: LongText,
    evidence: HtmlElement,
    numbers: RefCell<Vec<(String, String)>>,
    fix: LongText,
    calls: Live,
    _listeners: Listeners,
}

impl FindingsPane {
    pub(crate) fn new(host: &Host) -> FindingsPane {
        let make = &host.make;
        let summary = make.element("p", "finding-summary").attr("role", "status");
        let bar = make.element("div", "bar").with([&summary]);
        let list = make.element("ul", "findings").attr("aria-label", "Findings");
        let empty = make.element("div", "empty nothing-found").with([
            &make.text("strong", "", "Nothing found"),
            &make.text(
                "p",
                "",
                "The linter looks at the last ten seconds, once a second, and has no objection. What it finds \
                 stays here for as long as it is so.",
            ),
        ]);
        let scroll = make.element("div", "scroll").with([&list, &empty, &judged(make)]);
        FindingsPane {
            make: make.clone(),
            panel: host.panel.clone(),
            pane: make.element("div", "fill").with([&bar, &scroll]),
            summary: Live::new(summary),
            list,
            shown: RefCell::default(),
            order: RefCell::default(),
            empty: Live::new(empty),
        }
    }

    /// Puts the cards in their order; touches the page only when it changed.
    fn arrange(&self, cards: &mut HashMap<Key, Card>, keys: Vec<Key>) {
        if *self.order.borrow() == keys {
            return;
        }
        cards.retain(|key, card| {
            let stays = keys.contains(key);
            if !stays {
                card.card.remove();
            }
            stays
        });
        let in_order: Vec<_> = keys.iter().filter_map(|key| cards.get(key)).map(|card| &card.card).collect();
        put_in_order(&self.list, &in_order);
        *self.order.borrow_mut() = keys;
    }
}

impl Pane for FindingsPane {
    fn element(&self) -> &HtmlElement {
        &self.pane
    }

    fn draw(&self, source: &Source) {
        let rows = finding_rows(&source.store);
        self.empty.show(rows.is_empty());
        let of = |severity: &str| rows.iter().filter(|row| row.finding.severity == severity).count();
        let named = |number: usize, one: &str, many: &str| match number {
            0 => None,
            1 => Some(format!("1 {one}")),
            _ => Some(format!("{number} {many}")),
        };
        let parts: Vec<_> = [
            named(of("error"), "error", "errors"),
            named(of("warning"), "warning", "warnings"),
            named(of("info"), "hint", "hints"),
        ]
        .into_iter()
        .flatten()
        .collect();
        self.summary.text(&if parts.is_empty() {
            "Nothing found in the last ten seconds.".to_owned()
        } else {
            format!("At the moment: {}.", parts.join(", "))
        });
        let key = |row: &FindingRow<'_>| (row.finding.id.clone(), row.finding.task_id.clone());
        let mut cards = self.shown.borrow_mut();
        for row in &rows {
            cards
                .entry(key(row))
                .or_insert_with(|| Card::new(&self.make, &self.panel, row))
                .draw(&self.make, row);
        }
        self.arrange(&mut cards, rows.iter().map(key).collect());
    }

    fn count(&self, source: &Source) -> usize {
        source.store.findings().len()
    }
}

impl Card {
    fn new(make: &Make, panel: &Rc<dyn Around>, row: &FindingRow<'_>) -> Card {
        let mut listeners = Listeners::default();
        let severity = make.element("span", "severity");
        let task = LongText::new(make, "finding-task", NAME_CHARACTERS);
        let id = make.text("code", "finding-id", &row.finding.id);
        let calls = make.text("button", "toggle show-calls", "Show calls").attr("type", "button");
        if let Some(task) = row.finding.task_id.clone() {
            let panel = panel.clone();
            let open = move |_: Event| panel.open(&Link::CallsOfTask(task.clone()));
            listeners.on(&calls, "click", open);
        }
        let head = make.element("div", "finding-head").with([&severity, task.element(), &id, &calls]);
        let message = LongText::new(make, "finding-message", SENTENCE_CHARACTERS);
        let evidence = make.element("dl", "evidence").attr("aria-label", "Evidence");
        let fix = LongText::new(make, "", SENTENCE_CHARACTERS);
        let fix_line =
            make.element("div", "fix").with([&make.text("strong", "", "What to change"), fix.element()]);
        let card = make.element("li", "finding").attr("data-finding", &row.finding.id).with([
            &head,
            message.element(),
            &evidence,
            &fix_line,
        ]);
        Card {
            card,
            severity: Live::new(severity),
            task,
            message,
            evidence,
            numbers: RefCell::default(),
            fix,
            calls: Live::new(calls),
            _listeners: listeners,
        }
    }

    fn draw(&self, make: &Make, row: &FindingRow<'_>) {
        let finding = row.finding;
        self.severity.text(&finding.severity);
        self.severity.attr("data-severity", &finding.severity);
        self.task.show(row.task.unwrap_or("The page"));
        self.message.show(&finding.message);
        self.fix.show(&finding.fix);
        self.calls.show(row.has_calls);
        self.calls
            .attr("aria-label", &format!("Show calls of {} in the timeline", row.task.unwrap_or_default()));
        if *self.numbers.borrow() == row.evidence {
            return;
        }
        clear(&self.evidence);
        for (what, much) in &row.evidence {
            let pair = make.element("div", "").with([&make.text("dt", "", what), &make.text("dd", "", much)]);
            must(self.evidence.append_child(&pair));
        }
        self.numbers.borrow_mut().clone_from(&row.evidence);
    }
}

/// Everything that the linter looks for.
fn judged(make: &Make) -> HtmlElement {
    let list = make.element("dl", "judged-list");
    for kind in FindingKind::ALL {
        let name = make.element("dt", "").with([&make.text("code", "", kind.id())]);
        must(list.append_child(&name));
        must(list.append_child(&make.text("dd", "", &kind.description().replace('`', ""))));
    }
    let summary = make.text("summary", "", "What is judged");
    make.element("details", "judged").with([&summary, &list])
}
