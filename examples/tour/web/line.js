// The way of a photograph, task by task, with what each is doing right now: the runtime's own snapshot, drawn.

import { element, setText } from './dom.js';
import { STEPS } from './tasks.js';

/** How often the numbers may change, in milliseconds. */
const EVERY_MS = 100;

/** Draws the tasks of `runtime` into the list `list`. */
export function showLine(runtime, list) {
  const stations = new Map(STEPS.map((step) => [step.id, createStation(step)]));
  list.replaceChildren(...Array.from(stations.values(), (station) => station.item));
  runtime.subscribeRuntimeSnapshot(({ tasks }) => {
    for (const task of tasks) {
      stations.get(task.taskId)?.show(task);
    }
  }, { intervalMs: EVERY_MS, onlyOnChange: true });
}

function createStation({ id, language, does }) {
  const kind = element('span', { class: 'kind' }, language);
  const lights = element('span', { class: 'lights', 'aria-hidden': 'true' });
  const load = element('span', { class: 'load' }, 'idle');
  const item = element(
    'li',
    { 'data-step': id },
    element('strong', {}, id),
    kind,
    element('span', { class: 'does' }, does),
    element('span', { class: 'now' }, lights, load),
  );
  return {
    item,
    show(task) {
      const running = task.queueDepth;
      const waiting = task.pendingQueueDepth + task.waitingQueueDepth;
      setText(kind, `${language}, ${task.poolSize === 1 ? 'one worker' : `${task.poolSize} workers`}`);
      while (lights.childElementCount < task.poolSize) {
        lights.append(element('i'));
      }
      Array.from(lights.children).forEach((light, index) => light.classList.toggle('on', index < running));
      item.classList.toggle('busy', running > 0);
      setText(load, running + waiting === 0 ? 'idle' : waiting === 0 ? `${running} running` : `${running} running, ${waiting} waiting`);
    },
  };
}
