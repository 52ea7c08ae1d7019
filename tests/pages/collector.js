// What this case's own OTLP receiver has; every case has a server, and so a receiver, to itself.

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

/** The totals: `{ spans, metricPoints, logRecords, resources, rejected, lastRejection, … }`. */
export const received = () => ask('/api/received');

/** The newest spans, the newest first. */
export const spans = (limit = 1000) => ask(`/api/spans?limit=${limit}`);

/** The latest point of each series. */
export const metrics = (limit = 1000) => ask(`/api/metrics?limit=${limit}`);

/** The receiver's own count: `{ traces, metrics, logs }`, each `{ requests, taken, distinct, rejected, turnedAway, … }`. */
export const ledger = () => ask('/api/ledger');

async function tell(path, body = {}) {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}

/**
 * How the next requests of each signal are answered, one fault after the other:
 * `{ traces: [{ answer: { status: { status: 503, retryAfter: '1' } }, times: 2 }, { answer: 'hang' }] }`.
 * `answer` is `'fine'`, `{ status }`, `{ partial: { rejected, message } }`, `'hold'`, `'hang'`, `'resetAtOnce'`,
 * `'resetAfterBody'`, `'page'`, `'garbage'`, `{ redirect: { to } }` or `{ giant: { bytes } }`; beside it may stand
 * `times`, `lasting`, `taken` (whether the items are taken all the same) and `cors` (`'exposed'`, `'hidden'`,
 * `'refused'`).
 */
export const faults = (plan) => tell('/api/faults', plan);

/** Lets go the answers that `'hold'` holds. */
export const release = () => tell('/api/faults/release');

/** Forgets what was received, and every fault. */
export const reset = () => tell('/api/reset');

/** The newest log records, the newest first. */
export const logs = (limit = 1000) => ask(`/api/logs?limit=${limit}`);
