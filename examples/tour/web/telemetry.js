// Where this page's telemetry goes, and how much arrived: the exporter's ledger beside what the receiver counts.

import { count, element, setText } from './dom.js';

/** Between two looks while there is work, in milliseconds. */
const WORKING_MS = 1000;
/** Between two looks otherwise. */
const IDLE_MS = 5000;
/** The longest pause when the receiver does not answer: each failure doubles the pause up to this. */
const LONGEST_PAUSE_MS = 30_000;
/** After the last photograph, spans and metrics are still on their way for a while. */
const AFTERGLOW_MS = 8000;

/** The signals this page exports, where each goes, what the receiver calls what it got, and where it shows it. */
const SIGNALS = [
  { id: 'traces', label: 'Spans', path: '/v1/traces', received: 'spans', shown: '/api/spans' },
  { id: 'metrics', label: 'Metric points', path: '/v1/metrics', received: 'metricPoints', shown: '/api/metrics' },
  { id: 'logs', label: 'Log records', path: '/v1/logs', received: 'logRecords', shown: '/api/logs' },
];

/** For `exportOtlp`. */
export const EXPORTED = SIGNALS.map(({ id }) => id);

const LINES = [
  { id: 'emitted', label: 'Emitted' },
  { id: 'delivered', label: 'Delivered' },
  { id: 'pending', label: 'Waiting' },
  { id: 'rejected', label: 'Rejected' },
  { id: 'dropped', label: 'Dropped' },
  { id: 'received', label: 'The receiver counts' },
];

/** Shows the ledger of `otlp` and what the receiver of this origin says, for as long as the page is open. */
export function showTelemetry(otlp, pipeline) {
  new TelemetryView(otlp, pipeline).start();
}

class TelemetryView {
  #otlp;
  #columns = SIGNALS.map(createColumn);
  #verdict = document.getElementById('telemetry-verdict');
  #receiver = createReceiver();
  #timer;
  #lastWork = 0;
  #failures = 0;

  constructor(otlp, pipeline) {
    this.#otlp = otlp;
    layOut(document.getElementById('ledger'), this.#columns);
    document.getElementById('telemetry-where').replaceChildren(
      'This page sends its telemetry as OTLP over HTTP to its own origin: ',
      ...listed(({ path }) => element('code', {}, location.origin + path)),
      '. It sends it nowhere else. What the receiver understood: ',
      ...listed(({ label, shown }) => element('a', { href: shown }, label.toLowerCase())),
      '.',
    );
    pipeline.addEventListener('change', () => this.#work());
    document.addEventListener('visibilitychange', () => this.#schedule(0));
  }

  start() {
    this.#schedule(0);
  }

  #work() {
    const wasIdle = this.#pause() !== WORKING_MS;
    this.#lastWork = performance.now();
    if (wasIdle) {
      this.#failures = 0;
      this.#schedule(0);
    }
  }

  #schedule(ms) {
    clearTimeout(this.#timer);
    if (!document.hidden) {
      this.#timer = setTimeout(() => this.#look(), ms);
    }
  }

  #pause() {
    const working = performance.now() - this.#lastWork < AFTERGLOW_MS && this.#lastWork > 0;
    return working ? WORKING_MS : Math.min(IDLE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
  }

  async #look() {
    const received = await this.#receiver.ask();
    this.#failures = received.error ? this.#failures + 1 : 0;
    const ledger = this.#otlp.ledger();
    this.#columns.forEach((column) => column.show(ledger[column.id], received));
    const { state, text } = judge(ledger, received);
    this.#verdict.dataset.state = state;
    setText(this.#verdict, text);
    this.#schedule(this.#pause());
  }
}

// One thing for each signal: a, b and c.
function listed(show) {
  const before = (index) => (index === 0 ? '' : index === SIGNALS.length - 1 ? ' and ' : ', ');
  return SIGNALS.flatMap((signal, index) => [before(index), show(signal)]);
}

function layOut(table, columns) {
  const row = (...cells) => element('tr', {}, ...cells);
  table.replaceChildren(
    element('thead', {}, row(element('td'), ...columns.map(({ label }) => element('th', { scope: 'col' }, label)))),
    element('tbody', {}, ...LINES.map(({ id, label }) => row(
      element('th', { scope: 'row' }, label),
      ...columns.map(({ cells }) => cells[id]),
    ))),
  );
}

function createColumn({ id, label, received: name }) {
  const cells = Object.fromEntries(
    LINES.map((line) => [line.id, element('td', { 'data-testid': `telemetry-${id}-${line.id}` }, '0')]),
  );
  return {
    id,
    label,
    cells,
    show(signal, received) {
      const { emitted = 0, delivered = 0, pending = 0, rejected = 0, dropped = {} } = signal ?? {};
      const reasons = Object.entries(dropped).filter(([, number]) => number > 0);
      setText(cells.emitted, count(emitted));
      setText(cells.delivered, count(delivered));
      setText(cells.pending, count(pending));
      setText(cells.rejected, count(rejected));
      // The reasons stand beside the number, or else a loss could not be told from another.
      const why = reasons.map(([reason, number]) => `${count(number)} ${reason}`).join(', ');
      setText(cells.dropped, why === '' ? '0' : `${count(sum(dropped))} (${why})`);
      setText(cells.received, received.error ? 'no answer' : count(received[name]));
    },
  };
}

// Asks the receiver for its counts. It has its own, from before this page too, so the first answer is the zero.
function createReceiver() {
  let zero;
  return {
    async ask() {
      try {
        const response = await fetch('/api/received', { cache: 'no-store' });
        if (!response.ok) {
          return { error: `it answered ${response.status}` };
        }
        const counts = await response.json();
        if (zero === undefined || SIGNALS.some(({ received }) => counts[received] < zero[received])) {
          zero = zero === undefined ? counts : {}; // Fewer than before: it was started anew and counts from nothing.
        }
        return Object.fromEntries([...SIGNALS.map(({ received }) => received), 'rejected']
          .map((name) => [name, (counts[name] ?? 0) - (zero[name] ?? 0)]));
      } catch {
        return { error: 'it does not answer' };
      }
    },
  };
}

function judge(ledger, received) {
  const total = (column) => SIGNALS.reduce((all, { id }) => all + (ledger[id]?.[column] ?? 0), 0);
  const dropped = SIGNALS.reduce((all, { id }) => all + sum(ledger[id]?.dropped ?? {}), 0);
  const [emitted, delivered, pending, rejected] = ['emitted', 'delivered', 'pending', 'rejected'].map(total);
  const lost = rejected + dropped === 0 ? 'nothing is lost so far' : `${count(rejected)} rejected and ${count(dropped)} dropped`;
  if (received.error) {
    return {
      state: 'unreachable',
      text: `The receiver cannot be reached (${received.error}). The page works on; ${count(pending)} wait to be sent, ${lost}.`,
    };
  }
  if (emitted === 0) {
    return { state: 'idle', text: 'Nothing was emitted yet: there were no calls.' };
  }
  if (rejected + dropped > 0) {
    return { state: 'losses', text: `${count(delivered)} of ${count(emitted)} delivered, ${lost}, ${count(pending)} waiting.` };
  }
  return pending > 0
    ? { state: 'sending', text: `${count(delivered)} of ${count(emitted)} delivered, ${count(pending)} waiting for the next batch.` }
    : { state: 'complete', text: `Everything emitted so far, ${count(emitted)} in all, was delivered.` };
}

function sum(numbers) {
  return Object.values(numbers).reduce((all, number) => all + number, 0);
}
