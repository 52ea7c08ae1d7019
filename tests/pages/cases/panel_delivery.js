// The panel's pane of deliveries: when an exporter tries again, why things were refused, and a row for each consumer.
import { bench, observed } from '../atelier.js';
import { equal, ok, until } from '../assert.js';
import { exportOtlp } from '/atelier/otlp.js';
import { ODD, all, find, fullFrame, opened, streamOf, unharmed } from '../panel_root.js';

const cell = (consumer, signal, column) => find(`tr[data-consumer="${consumer}"][data-signal=${signal}] [data-col=${column}]`);

export async function an_exporter_says_when_it_tries_again_and_what_went_wrong() {
  const { runtime } = observed();
  const exporter = exportOtlp(runtime, { endpoint: 'http://127.0.0.1:9', signals: ['traces'], durable: false });
  const task = bench({ taskId: 't' }, runtime);
  await task.add(1, 1);
  await exporter.flush();
  await opened(runtime, 'delivery');
  const next = await until(() => cell('otlp:1', 'spans', 'nextRetry'));
  await until(() => /^in [\d.]+ (s|min)$/.test(next.textContent), `counted down: ${next.textContent}`);
  ok(find('tr[data-consumer="otlp:1"] [data-col=lastError]').textContent.includes('traces:'));
  equal(cell('panel', 'spans', 'nextRetry').textContent, '–', 'who does not retry says nothing');
}

export async function readers_of_frames_have_a_row_each() {
  const { runtime } = observed();
  runtime.subscribeFrames(() => {});
  runtime.subscribeFrames(() => {}, { name: 'panel' });
  await opened(runtime, 'delivery');
  const names = () => all('tr[data-consumer^=frames], tr[data-consumer^=panel]').map((row) => row.dataset.consumer).join();
  await until(() => names() === 'frames,panel,panel:2', 'the page has two readers, the panel is the third');
}

export async function odd_rows_are_shown_as_text_and_all_of_them() {
  const row = (consumer, more) => ({ consumer, signal: 'spans', emitted: 3, delivered: 0, rejected: 2, dropped: [['<b>why</b>', 1]], pending: 0, ...more });
  const ledger = Object.values(ODD).flatMap((text) => [row(text, { lastError: text, lastRejection: text, nextRetry: NaN }), row(text, { lastRejection: 'no' })]);
  await opened(streamOf(fullFrame(0, [], { ledger })), 'delivery');
  await until(() => all('[data-pane=delivery] tbody tr').length === 8, 'two of each name');
  const texts = all('[data-pane=delivery] .whole-text, [data-pane=delivery] [data-col=rejection]').map((part) => part.textContent);
  for (const [name, text] of Object.entries(ODD)) ok(texts.includes(text), name);
  ok(unharmed());
  ok(all('[data-col=reasons]').every((part) => part.textContent === '<b>why</b> 1'));
}
