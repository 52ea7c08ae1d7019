// What a user goes to is in sight, and what has the focus keeps it.
import { equal, ok, until } from '../assert.js';
import { all, find, fullFrame, opened, root, spanFrame, streamOf, taskFrame } from '../panel_root.js';
import { mountDevtools } from '/atelier/devtools.js';

const key = (name) => find('.timeline-canvas').dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true }));
const ids = () => all('[data-pane=tasks] tbody tr').map((row) => row.dataset.taskId).join();
const frame = () => new Promise((done) => requestAnimationFrame(done));

export async function a_call_that_is_gone_to_is_in_sight() {
  const tasks = Array.from({ length: 40 }, (_, n) => taskFrame(`t${n}`));
  const spans = tasks.map(({ taskId }, n) => spanFrame(n, { taskId }));
  await opened(streamOf(fullFrame(0, tasks, { spans })), 'timeline');
  await until(() => find('.kept').dataset.calls === '40');
  const lanes = find('.lanes');
  ok(lanes.scrollHeight > 2 * lanes.clientHeight, 'there is more than fits');
  equal(lanes.scrollTop, 0);
  key('ArrowRight');
  await until(() => find('.call')?.dataset.callId === '39', 'the latest');
  await until(() => lanes.scrollTop > lanes.clientHeight, 'its lane is the last but for one');
  // A user who scrolls away is not brought back.
  lanes.scrollTop = 0;
  for (let n = 0; n < 5; n++) await frame();
  equal(lanes.scrollTop, 0);
  key('ArrowLeft');
  await until(() => find('.call')?.dataset.callId === '38');
  await until(() => lanes.scrollTop > lanes.clientHeight);
}

export async function what_has_the_focus_keeps_it_when_the_order_changes() {
  const stream = streamOf(fullFrame(0, ['a', 'b', 'c'].map((id) => taskFrame(id))));
  await opened(stream, 'tasks');
  await until(() => ids() === 'a,b,c');
  const pin = (id) => find(`tr[data-task-id=${id}] .pin`);
  pin('c').focus();
  pin('c').click();
  await until(() => ids() === 'c,a,b');
  equal(root().activeElement, pin('c'));
  pin('a').focus();
  pin('b').click();
  await until(() => ids() === 'b,c,a');
  equal(root().activeElement, pin('a'));
  stream.push(fullFrame(1, ['d', 'b', 'a'].map((id) => taskFrame(id))));
  await until(() => ids() === 'b,d,a');
  equal(root().activeElement, pin('a'), 'when others come and go as well');
}

export async function all_of_the_settings_can_be_reached_in_a_low_panel() {
  await opened(streamOf(fullFrame(0, [taskFrame('t')])), 'tasks', { dock: 'inline', storageKey: '' });
  const element = document.querySelector('atelier-devtools');
  element.style.cssText = 'display: block; height: 220px; min-height: 0';
  find('[aria-label=Settings]').click();
  const dialog = await until(() => find('.dialog:not([hidden])'));
  const panel = find('.panel').getBoundingClientRect();
  ok(panel.height <= 220, `the panel is low: ${panel.height}`);
  ok(dialog.scrollHeight > dialog.clientHeight, 'not all of it fits');
  const last = [...dialog.querySelectorAll('button, input, select')].at(-1);
  last.scrollIntoView({ block: 'nearest' });
  const box = last.getBoundingClientRect();
  ok(box.top >= panel.top && box.bottom <= panel.bottom, `${box.top} to ${box.bottom} in ${panel.top} to ${panel.bottom}`);
}

export async function the_task_that_is_chosen_is_the_one_that_is_measured() {
  const calls = Array.from({ length: 6 }, (_, n) => spanFrame(n, { taskId: n % 2 ? 'a' : 'b' }));
  const streams = ['one', 'two'].map((name) => Object.assign(streamOf(fullFrame(0, [taskFrame('a'), taskFrame('b')], { spans: calls })), { name }));
  await opened(streams, 'latency');
  const chosen = find('[data-pane=latency] select[aria-label=Task]');
  const about = () => find('[data-pane=latency] .about').textContent;
  await until(() => about() === '6 of 6 calls kept by this panel');
  chosen.value = 'a';
  chosen.dispatchEvent(new Event('change'));
  await until(() => about() === '3 of 6 calls kept by this panel');
  const runtime = find('.top select.runtime');
  runtime.selectedIndex = 1;
  runtime.dispatchEvent(new Event('change'));
  await until(() => about() === '6 of 6 calls kept by this panel');
  equal(chosen.value, '');
}

export async function a_panel_that_the_page_took_out_can_be_mounted_again() {
  const stream = streamOf(fullFrame(0, [taskFrame('t')]));
  const target = document.createElement('div');
  document.body.append(target);
  const first = mountDevtools(stream, { target });
  target.remove();
  const second = mountDevtools(stream, { open: true });
  ok(first !== second);
  await until(() => find('.panel'), 'there is a panel');
  equal(document.querySelectorAll('atelier-devtools').length, 1);
  equal(mountDevtools(stream), second, 'and one is enough');
}

export async function a_call_that_is_looked_at_stays_when_its_place_is_needed() {
  const stream = streamOf(fullFrame(0, [taskFrame('t')], { spans: [spanFrame(1), spanFrame(2, { outcome: 'error', error: 'first line\nsecond line' })] }));
  await opened(stream, 'timeline');
  await until(() => find('.kept').dataset.calls === '2');
  key('ArrowRight');
  await until(() => find('.call')?.dataset.callId === '2');
  equal(find('.call-error').textContent, 'first line second line');
  // Longer than all that is kept of texts: nothing else is left.
  stream.push(fullFrame(1, [taskFrame('t')], { spans: [spanFrame(3, { method: 'm'.repeat(33 * 1024 * 1024) }), spanFrame(4)] }));
  await until(() => find('.kept').dataset.calls === '1');
  ok(!find('.call').hidden);
  equal(find('.call').dataset.callId, '2');
  key('Escape');
  await until(() => find('.call').hidden);
}
