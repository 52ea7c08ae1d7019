//! The ledger as rows, and a sentence that says how delivery stands.

use atelier_telemetry::frame::LedgerRow;

use super::format::{age, count};

/// A row of the ledger with what follows from it.
#[derive(Clone, Debug)]
pub(crate) struct DeliveryRow<'ledger> {
    /// The row.
    pub(crate) row: &'ledger LedgerRow,
    /// What the consumer is called: its name, and a number where another has the same.
    pub(crate) consumer: String,
    /// When what waits is sent again: `in 12 s`; empty when nothing has to wait.
    pub(crate) next_retry: String,
    /// Everything lost, whatever the reason.
    pub(crate) dropped: u64,
    /// `queue_full 12, timeout 3`.
    pub(crate) reasons: String,
    /// What the books do not explain: emitted − delivered − rejected − dropped − pending. Zero, unless something is
    /// wrong with the counting itself.
    pub(crate) unexplained: i128,
    /// Shares of what was emitted, 0 to 1: delivered, pending, rejected, dropped.
    pub(crate) shares: [f64; 4],
}

/// How delivery stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nobody takes anything.
    NoConsumers,
    /// Everything emitted was delivered.
    AllDelivered,
    /// Nothing is lost; the sentence says what waits.
    Waiting(String),
    /// Something is lost; the sentence says what, and what waits.
    Losing(String),
}

/// The ledger's rows at a moment (milliseconds since the Unix epoch), by consumer and signal.
pub(crate) fn delivery_rows(ledger: &[LedgerRow], now: f64) -> Vec<DeliveryRow<'_>> {
    let mut rows: Vec<_> = ledger.iter().map(|row| delivery_row(row, now)).collect();
    rows.sort_by(|a, b| (&a.row.consumer, &a.row.signal).cmp(&(&b.row.consumer, &b.row.signal)));
    let mut same = 1;
    for place in 1..rows.len() {
        let name = |row: &DeliveryRow<'_>| (row.row.consumer.clone(), row.row.signal.clone());
        same = if name(&rows[place - 1]) == name(&rows[place]) { same + 1 } else { 1 };
        if same > 1 {
            rows[place].consumer = format!("{} ({same})", rows[place].consumer);
        }
    }
    rows
}

fn retry(at: Option<f64>, now: f64) -> String {
    match at.map(|at| at - now) {
        None => String::new(),
        Some(wait) if wait > 0.0 => format!("in {}", age(wait)),
        Some(_) => "now".to_owned(),
    }
}

/// How delivery stands, over all rows.
pub(crate) fn verdict(rows: &[DeliveryRow<'_>]) -> Verdict {
    if rows.is_empty() {
        return Verdict::NoConsumers;
    }
    let list = |amount: fn(&DeliveryRow<'_>) -> u64| -> Option<String> {
        let parts: Vec<_> = rows
            .iter()
            .filter(|row| amount(row) > 0)
            .map(|row| format!("{} {} for {}", count(amount(row)), row.row.signal, row.consumer))
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    };
    let waits = list(|row| row.row.pending);
    match (list(|row| row.dropped.saturating_add(row.row.rejected)), waits) {
        (Some(lost), Some(waits)) => Verdict::Losing(format!("Lost: {lost}. Waiting: {waits}.")),
        (Some(lost), None) => Verdict::Losing(format!("Lost: {lost}.")),
        (None, Some(waits)) => Verdict::Waiting(format!("Waiting: {waits}.")),
        (None, None) => Verdict::AllDelivered,
    }
}

fn delivery_row(row: &LedgerRow, now: f64) -> DeliveryRow<'_> {
    let dropped = row.dropped.iter().fold(0u64, |sum, (_, amount)| sum.saturating_add(*amount));
    let explained =
        i128::from(row.delivered) + i128::from(row.rejected) + i128::from(dropped) + i128::from(row.pending);
    let share =
        |amount: u64| if row.emitted == 0 { 0.0 } else { (amount as f64 / row.emitted as f64).min(1.0) };
    DeliveryRow {
        row,
        consumer: row.consumer.clone(),
        next_retry: retry(row.next_retry, now),
        dropped,
        reasons: row
            .dropped
            .iter()
            .filter(|(_, amount)| *amount > 0)
            .map(|(reason, amount)| format!("{reason} {}", count(*amount)))
            .collect::<Vec<_>>()
            .join(", "),
        unexplained: i128::from(row.emitted) - explained,
        shares: [share(row.delivered), share(row.pending), share(row.rejected), share(dropped)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixtures::ledger_row;

    #[test]
    fn losses_are_summed_and_named() {
        let mut row = ledger_row("otlp:1", 100, 50, 30, 15);
        row.dropped.push(("timeout".to_owned(), 5));
        row.dropped.push(("never".to_owned(), 0));
        let ledger = [row];
        let rows = delivery_rows(&ledger, 0.0);
        assert_eq!((rows[0].dropped, rows[0].reasons.as_str()), (35, "queue_full 30, timeout 5"));
        assert_eq!((rows[0].unexplained, rows[0].shares), (0, [0.5, 0.15, 0.0, 0.35]));
        assert_eq!(
            verdict(&rows),
            Verdict::Losing("Lost: 35 spans for otlp:1. Waiting: 15 spans for otlp:1.".to_owned())
        );
    }

    #[test]
    fn each_state_has_its_verdict() {
        let verdict_of = |ledger: &[LedgerRow]| verdict(&delivery_rows(ledger, 0.0));
        assert_eq!(verdict_of(&[]), Verdict::NoConsumers);
        assert_eq!(verdict_of(&[ledger_row("panel", 3, 3, 0, 0)]), Verdict::AllDelivered);
        let waits = Verdict::Waiting("Waiting: 1,000 spans for otlp:1.".to_owned());
        assert_eq!(verdict_of(&[ledger_row("otlp:1", 1000, 0, 0, 1000), ledger_row("a", 0, 0, 0, 0)]), waits);
        let mut refused = ledger_row("otlp:1", 2, 0, 0, 0);
        refused.rejected = 2;
        assert_eq!(verdict_of(&[refused]), Verdict::Losing("Lost: 2 spans for otlp:1.".to_owned()));
    }

    #[test]
    fn books_that_do_not_balance_are_noticed() {
        let ledger = [ledger_row("otlp:1", 10, 3, 0, 0), ledger_row("otlp:2", 1, 3, 0, u64::MAX)];
        let unexplained: Vec<_> = delivery_rows(&ledger, 0.0).iter().map(|row| row.unexplained).collect();
        assert_eq!(unexplained, [7, 1 - 3 - i128::from(u64::MAX)]);
    }

    #[test]
    fn rows_have_a_steady_order() {
        let ledger = [ledger_row("panel", 0, 0, 0, 0), ledger_row("listener:1", 0, 0, 0, 0)];
        let order: Vec<_> = delivery_rows(&ledger, 0.0).iter().map(|row| row.row.consumer.as_str()).collect();
        assert_eq!(order, ["listener:1", "panel"]);
    }

    #[test]
    fn the_next_attempt_is_counted_down() {
        let retry = |next_retry| {
            let ledger = [LedgerRow { next_retry, ..ledger_row("otlp:1", 1, 0, 0, 1) }];
            delivery_rows(&ledger, 10_000.0)[0].next_retry.clone()
        };
        let shown = [None, Some(22_000.0), Some(10_400.0), Some(9_000.0), Some(f64::NAN)].map(retry);
        assert_eq!(shown, ["", "in 12 s", "in 0.4 s", "now", "now"]);
    }

    #[test]
    fn consumers_of_one_name_are_told_apart() {
        let row = |name: &str| ledger_row(name, 1, 0, 1, 0);
        let ledger = [row("frames"), row("a"), row("frames"), row("frames")];
        let rows = delivery_rows(&ledger, 0.0);
        let names: Vec<_> = rows.iter().map(|row| row.consumer.as_str()).collect();
        assert_eq!(names, ["a", "frames", "frames (2)", "frames (3)"]);
        let Verdict::Losing(sentence) = verdict(&rows) else { panic!("something is lost") };
        assert!(sentence.contains("1 spans for frames (3)"), "{sentence}");
    }
}
