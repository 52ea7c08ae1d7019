// The durable queue and what may be wrong with its storage: export goes on, and what happened is told.
import { begin, plant, stored } from '../outliving.js';
import { received, faults } from '../collector.js';
import { deepEqual, equal, ok, until } from '../assert.js';

const AT_ONCE = { scheduleDelayMs: 1 };

// The key of a batch of spans that somebody left behind so long ago.
function left({ agoMs = 10_000, owner = 'dead', items = 1, bytes, version = 1, path = '/v1/traces' }) {
  const then = Date.now() - agoMs;
  const made = String(then).padStart(15, '0');
  return `${version} ${made} ${then} ${owner} 0 traces ${items} ${bytes} application/x-protobuf ${location.origin}${path}`;
}

async function goes_on(page) {
  const before = page.ledger().delivered;
  await page.calls(3);
  await until(() => page.ledger().delivered >= before + 3);
}

function take_away(object, name) {
  Object.defineProperty(object, name, { configurable: true, value: undefined });
}

export async function garbage_is_cleared_away_and_told_of() {
  const newer = left({ version: 2, bytes: 1 });
  await plant([
    ['nonsense', 'x'],
    [7, new Uint8Array(3)],
    [left({ bytes: 100 }), new Uint8Array(99)],
    [left({ bytes: 5, owner: 'text' }), 'bytes'],
    [newer, new Uint8Array(1)],
  ]);
  const page = begin(AT_ONCE);
  await goes_on(page);
  await until(async () => (await stored()).length === 1);
  deepEqual(await stored(), [newer]);
  await until(() => page.lastError()?.startsWith('4 entries of the durable queue'));
  equal((await received()).rejected, 0, 'nothing of it was sent');
}

export async function what_the_collector_refuses_is_not_kept_for_ever() {
  const body = new TextEncoder().encode('no protobuf');
  await plant([[left({ items: 5, bytes: body.length }), body]]);
  const page = begin(AT_ONCE);
  await until(() => page.ledger().rejected === 5);
  await until(async () => (await stored()).length === 0);
  await goes_on(page);
}

export async function what_is_for_another_address_is_left_alone_until_it_is_too_old() {
  const other = left({ bytes: 1, path: '/elsewhere/v1/traces' });
  const old = left({ bytes: 1, items: 7, path: '/elsewhere/v1/traces', agoMs: 25 * 3_600_000 });
  await plant([[other, new Uint8Array(1)], [old, new Uint8Array(1)]]);
  const page = begin(AT_ONCE);
  await until(() => page.ledger().dropped.durable_expired === 7);
  await until(async () => (await stored()).length === 1);
  deepEqual(await stored(), [other]);
}

export async function a_database_of_a_newer_version_is_left_to_it() {
  await plant([['whatever', 'it is']], 2);
  const page = begin(AT_ONCE);
  await until(() => page.lastError()?.includes('memory only'));
  await goes_on(page);
  deepEqual(await stored(), ['whatever']);
}

export async function without_indexeddb_export_goes_on() {
  take_away(globalThis, 'indexedDB');
  await faults({ traces: [{ answer: { status: { status: 503 } } }] });
  const page = begin(AT_ONCE);
  await page.calls(10);
  await until(() => page.lastError()?.includes('memory only'));
  await page.exporter.flush();
  await page.exporter.flush();
  await until(() => page.ledger().delivered === 10);
}

export async function without_locks_what_was_left_is_sent_when_it_is_old() {
  take_away(navigator, 'locks');
  const [young, old] = [left({ bytes: 1 }), left({ bytes: 2, agoMs: 301_000 })];
  await plant([[young, new Uint8Array(1)], [old, new Uint8Array(2)]]);
  const page = begin(AT_ONCE);
  await until(() => page.ledger().rejected === 1);
  await until(async () => (await stored()).length === 1);
  deepEqual(await stored(), [young]);
  await goes_on(page);
}

export async function without_a_durable_queue_nothing_is_stored_nor_taken() {
  const key = left({ bytes: 1 });
  await plant([[key, new Uint8Array(1)]]);
  await faults({ traces: [{ answer: { status: { status: 503 } } }] });
  const page = begin({ ...AT_ONCE, durable: false });
  await page.calls(10);
  await page.exporter.flush();
  await page.exporter.flush();
  await until(() => page.ledger().delivered === 10);
  deepEqual(await stored(), [key]);
}

export async function the_oldest_make_room_and_are_counted() {
  await faults({ traces: [{ answer: { status: { status: 503 } }, lasting: true }] });
  const page = begin({ ...AT_ONCE, durable: { maxBytes: 20_000 } });
  // One batch is on its way, and fails; the others wait.
  await page.calls(1);
  await until(async () => (await stored()).length === 1);
  for (let i = 0; i < 30; i++) await page.calls(10);
  await until(() => page.ledger().dropped.durable_full > 0);
  ok(page.ledger().pending > 0);
  await faults({ traces: [] });
  await page.exporter.flush();
  await until(() => page.ledger().pending === 0);
  const { emitted, delivered, dropped } = page.ledger();
  equal(emitted, 301);
  equal(delivered + dropped.durable_full, 301);
  await until(async () => (await stored()).length === 0);
}

export async function who_is_shut_down_hands_over_what_is_stored() {
  await faults({ traces: [{ answer: { status: { status: 503 } }, lasting: true }] });
  const page = begin(AT_ONCE);
  await page.calls(10);
  await until(async () => (await stored()).length > 0);
  await page.exporter.shutdown();
  const { emitted, dropped } = page.ledger();
  deepEqual([emitted, dropped], [10, { handed_over: 10 }]);
  await faults({ traces: [] });
  const heir = begin(AT_ONCE);
  await until(() => heir.ledger().delivered === 10);
  equal((await received()).spans, 10);
}

export async function a_shutdown_without_a_network_is_over_when_all_is_stored() {
  const fetch = async () => { throw new TypeError('no network'); };
  const page = begin({ scheduleDelayMs: 3_600_000, fetch });
  dispatchEvent(new Event('offline'));
  await page.calls(10);
  await page.exporter.shutdown();
  deepEqual(page.ledger().dropped, { handed_over: 10 });
  const heir = begin(AT_ONCE);
  await until(() => heir.ledger().delivered === 10);
}

export async function a_signal_that_does_not_get_through_keeps_nothing_of_the_others_back() {
  const down = [{ answer: { status: { status: 503 } }, lasting: true }];
  await faults({ traces: down, metrics: down });
  const page = begin(AT_ONCE);
  await page.calls(10);
  await page.exporter.shutdown();
  deepEqual(page.ledger().dropped, { handed_over: 10 });
  await faults({ traces: [], metrics: down });
  // It may not take over what was stored a moment ago; until it may, its metrics have failed.
  const heir = begin({ ...AT_ONCE, signals: ['traces', 'metrics'], metricIntervalMs: 1 });
  await heir.calls(1);
  await until(() => heir.lastError()?.startsWith('metrics'));
  await until(() => heir.ledger().delivered === 11);
}
