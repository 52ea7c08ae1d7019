//! The pane of deliveries: what became of everything emitted, by consumer and signal.

use std::cell::RefCell;
use std::collections::BTreeMap;

use web_sys::HtmlElement;

use crate::model::{DeliveryRow, Source, Verdict, count, cut, delivery_rows, verdict};
use crate::view::cells::{LongText, cell, empty_state, head_row};
use crate::view::dom::{Live, Make, Told, must, put_in_order};
use crate::view::host::{Host, Pane};

/// The pane's own rules.
pub(crate) const STYLE: &str = include_str!("delivery.css");

/// How many characters of an error a row shows unopened.
const ERROR_CHARACTERS: usize = 90;
/// The same of a consumer's name, and of why something was refused.
const NAME_CHARACTERS: usize = 40;
const REASON_CHARACTERS: usize = 60;
/// The parts of a row's bar, in the order of [`DeliveryRow::shares`].
const PARTS: [&str; 4] = ["delivered", "pending", "rejected", "dropped"];

/// The pane.
pub(crate) struct DeliveryPane {
    make: Make,
    pane: HtmlElement,
    verdict: Live,
    losses: Live,
    table: Live,
    body: HtmlElement,
    rows: RefCell<BTreeMap<(String, String), DeliveryRowView>>,
    empty: Live,
}

struct DeliveryRowView {
    row: HtmlElement,
    numbers: Vec<Live>,
    reasons: Live,
    fills: Vec<Live>,
    bar: Live,
    rejection: LongText,
    next: Live,
    error: LongText,
}

impl DeliveryPane {
    pub(crate) fn new(host: &Host) -> DeliveryPane {
        let make = &host.make;
        let verdict = make.element("p", "verdict");
        let losses = make.element("p", "note");
        let columns = [
            ("", "Consumer"),
            ("", "Signal"),
            ("", "Share"),
            ("number", "Emitted"),
            ("number", "Delivered"),
            ("number", "Pending"),
            ("number", "Rejected"),
            ("number", "Dropped"),
            ("", "Next attempt"),
            ("", "Last error"),
        ];
        let head = make.element("thead", "").attr("role", "rowgroup").with([&head_row(make, &columns)]);
        let body = make.element("tbody", "").attr("role", "rowgroup");
        let table = make
            .element("table", "delivery")
            .attr("role", "table")
            .attr("aria-label", "Delivery of telemetry")
            .with([&head, &body]);
        let empty = empty_state(
            make,
            "Nobody takes the telemetry yet",
            "Add an exporter with exportOtlp(), or a listener with subscribeEvents(): each gets a row here.",
        );
        let legend = make.element("p", "legend");
        for part in PARTS {
            let swatch = make.element("i", "swatch").attr("data-part", part);
            must(
                legend.append_child(&make.element("span", "").with([&swatch, &make.text("span", "", part)])),
            );
        }
        let bar = make.element("div", "bar").with([&verdict, &legend]);
        let scroll = make.element("div", "scroll").with([&table, &empty, &losses]);
        DeliveryPane {
            make: make.clone(),
            pane: make.element("div", "fill").with([&bar, &scroll]),
            verdict: Live::new(verdict),
            losses: Live::new(losses),
            table: Live::new(table),
            body,
            rows: RefCell::default(),
            empty: Live::new(empty),
        }
    }
}

impl Pane for DeliveryPane {
    fn element(&self) -> &HtmlElement {
        &self.pane
    }

    fn draw(&self, source: &Source) {
        let store = &source.store;
        let rows = delivery_rows(store.ledger(), store.now().unwrap_or(0.0));
        let (level, sentence) = match verdict(&rows) {
            Verdict::NoConsumers => ("none", "Nothing to deliver.".to_owned()),
            Verdict::AllDelivered => ("good", "Everything emitted was delivered.".to_owned()),
            Verdict::Waiting(sentence) => ("waiting", sentence),
            Verdict::Losing(sentence) => ("bad", sentence),
        };
        self.verdict.attr("data-level", level);
        self.verdict.text(&sentence);
        self.table.show(!rows.is_empty());
        self.empty.show(rows.is_empty());
        let (frames, calls) = (store.frames_lost(), store.calls_not_kept());
        self.losses.show(frames + calls > 0);
        self.losses.text(&format!(
            "Of the panel's own stream: {} frames missed, {} calls that ended are no longer in the timeline.",
            count(frames),
            count(calls)
        ));
        let mut views = self.rows.borrow_mut();
        let key = |row: &DeliveryRow<'_>| (row.consumer.clone(), row.row.signal.clone());
        let keys: Vec<_> = rows.iter().map(key).collect();
        let known = views.len();
        views.retain(|key, view| {
            let stays = keys.contains(key);
            if !stays {
                view.row.remove();
            }
            stays
        });
        let mut changed = views.len() != known;
        for row in &rows {
            let view = views.entry(key(row)).or_insert_with(|| {
                changed = true;
                DeliveryRowView::new(&self.make, row)
            });
            view.draw(row);
        }
        if changed {
            let in_order: Vec<_> =
                keys.iter().filter_map(|key| views.get(key)).map(|view| &view.row).collect();
            put_in_order(&self.body, &in_order);
        }
    }
}

impl DeliveryRowView {
    fn new(make: &Make, row: &DeliveryRow<'_>) -> DeliveryRowView {
        let (consumer, signal) = (row.consumer.as_str(), row.row.signal.as_str());
        let name = LongText::new(make, "", NAME_CHARACTERS);
        name.show(consumer);
        let head = make
            .element("th", "consumer")
            .with([name.element()])
            .attr("scope", "row")
            .attr("role", "rowheader");
        let signal_cell = cell(make, "", "signal", "Signal");
        signal_cell.set_text_content(Some(signal));
        let bar = make.element("span", "shares").attr("role", "img");
        let fills = PARTS.map(|part| {
            let fill = make.element("i", "").attr("data-part", part);
            must(bar.append_child(&fill));
            Live::new(fill)
        });
        let shares = cell(make, "share-cell", "share", "Share").with([&bar]);
        let element = make
            .element("tr", "")
            .attr("role", "row")
            .attr("data-consumer", &cut(consumer, 200).0)
            .attr("data-signal", signal)
            .with([&head, &signal_cell, &shares]);
        let columns = [
            ("emitted", "Emitted"),
            ("delivered", "Delivered"),
            ("pending", "Pending"),
            ("rejected", "Rejected"),
            ("dropped", "Dropped"),
        ];
        let numbers = columns.map(|(column, label)| {
            let number = make.element("span", "");
            must(element.append_child(&cell(make, "number", column, label).with([&number])));
            Live::new(number)
        });
        let reasons = make.element("small", "reasons").attr("data-col", "reasons");
        if let Some(dropped) = numbers[4].element.parent_element() {
            must(dropped.append_child(&reasons));
        }
        let rejection = LongText::new(make, "reasons", REASON_CHARACTERS);
        if let Some(rejected) = numbers[3].element.parent_element() {
            must(rejected.append_child(&rejection.element().clone().attr("data-col", "rejection")));
        }
        let next = make.element("span", "");
        let next_cell = cell(make, "next-retry", "nextRetry", "Next attempt").with([&next]);
        let error = LongText::new(make, "last-error", ERROR_CHARACTERS);
        let error_cell = cell(make, "error-cell", "lastError", "Last error").with([error.element()]);
        DeliveryRowView {
            row: element.with([&next_cell, &error_cell]),
            numbers: numbers.into(),
            reasons: Live::new(reasons),
            fills: fills.into(),
            bar: Live::new(bar),
            rejection,
            next: Live::new(next),
            error,
        }
    }

    fn draw(&self, row: &DeliveryRow<'_>) {
        let ledger = row.row;
        let values = [ledger.emitted, ledger.delivered, ledger.pending, ledger.rejected, row.dropped];
        for (live, value) in self.numbers.iter().zip(values) {
            live.attr("data-value", &value.to_string());
            live.attr("data-zero", if value == 0 { "true" } else { "false" });
            live.text(&count(value));
        }
        self.reasons.text(&row.reasons);
        for (fill, share) in self.fills.iter().zip(row.shares) {
            fill.style("flex-grow", &format!("{share:.4}"));
            fill.show(share > 0.0);
        }
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        let told: Vec<_> =
            PARTS.iter().zip(row.shares).map(|(part, share)| format!("{} {part}", percent(share))).collect();
        self.bar.attr("aria-label", &told.join(", "));
        self.rejection.show(ledger.last_rejection.as_deref().unwrap_or_default());
        self.next.text(if row.next_retry.is_empty() { "–" } else { &row.next_retry });
        self.next.attr("data-waits", if row.next_retry.is_empty() { "false" } else { "true" });
        let unexplained = match row.unexplained {
            0 => String::new(),
            amount => {
                format!("The books do not balance: {amount} of what was emitted is not accounted for. ")
            }
        };
        self.error.show(&(unexplained + ledger.last_error.as_deref().unwrap_or_default()));
    }
}
