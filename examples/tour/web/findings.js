// What the linter finds: each finding with its evidence and what to do about it. It stays when it is over, as past, so
// that there is time to read it.

import { count, element, setText } from './dom.js';

/** How often the runtime is asked, in milliseconds; it judges once a second. */
const EVERY_MS = 1000;

/** Shows the findings of `runtime` for as long as the page is open, below what is wrong with `setup` on purpose. */
export function showFindings(runtime, setup) {
  const list = document.getElementById('findings');
  const summary = document.getElementById('findings-summary');
  const known = new Map();
  document.getElementById('faults').replaceChildren(...setup.faults.map((fault) => element('li', {}, fault)));
  document.getElementById('faults-box').hidden = setup.faults.length === 0;

  const show = (findings) => {
    const present = new Set(findings.map(keyOf));
    for (const finding of findings) {
      const key = keyOf(finding);
      if (!known.has(key)) {
        known.set(key, createFinding(finding));
        list.append(known.get(key).item);
      }
      known.get(key).show(finding);
    }
    for (const [key, { item }] of known) {
      item.dataset.state = present.has(key) ? 'now' : 'past';
    }
    setText(summary, summaryOf(findings.length, known.size));
  };
  show([]);
  runtime.subscribeFrames(({ findings }) => show(findings), { intervalMs: EVERY_MS });
}

function keyOf({ id, taskId = '' }) {
  return `${id} ${taskId}`;
}

function summaryOf(present, known) {
  if (known === 0) {
    return 'It has nothing to say.';
  }
  return present === 0 ? 'Nothing at the moment. Before:' : `${present} ${present === 1 ? 'thing' : 'things'} at the moment:`;
}

function createFinding({ id, severity, taskId }) {
  const message = element('p', { class: 'message' });
  const fix = element('p', { class: 'fix' });
  const evidence = element('dl', { class: 'evidence' });
  const item = element(
    'li',
    { 'data-finding': id, 'data-task': taskId, 'data-severity': severity },
    element('h3', {}, element('span', { class: 'severity' }, severity), element('code', {}, id)),
    message,
    fix,
    evidence,
  );
  return {
    item,
    show(finding) {
      setText(message, finding.message);
      setText(fix, finding.fix);
      const rows = Object.entries(finding.evidence).map(([name, value]) => (
        element('div', {}, element('dt', {}, name), element('dd', {}, number(value)))
      ));
      evidence.replaceChildren(...rows);
    },
  };
}

// Some evidence is about things of which there are few, with a fraction.
function number(value) {
  return Number.isInteger(value) || value >= 100 ? count(value) : value.toFixed(1);
}
