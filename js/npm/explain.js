// Where the time of one call went, as text. It knows what events say, and guesses nothing.

import { shown } from './check.js';

const PHASES = ['admission', 'queue', 'delivery', 'run', 'reply'];
const BAR = 20;
/** How many calls a sentence names; the rest is a number. */
const NAMED = 3;

/**
 * Tells where the time of a call went, and why, as far as the events of other calls tell.
 * @param {object} call an `atelier:span` event
 * @param {Iterable<object>} others events of about the same time, of any kind; the call itself may be among them
 * @returns {string} lines of text
 */
export function explainCall(call, others = []) {
  if (call?.kind !== 'span') throw new TypeError(`explainCall takes an event of the kind 'span', not ${shown(call)}`);
  if (typeof others?.[Symbol.iterator] !== 'function') {
    throw new TypeError(`explainCall takes other events as an iterable, not ${shown(others)}`);
  }
  const { phases = {}, durationMs = 0 } = call;
  const entered = PHASES.filter((phase) => phases[phase] !== undefined);
  const lines = [headline(call)];
  if (entered.length > 0) {
    lines.push(...entered.map((phase) => row(phase, phases[phase], durationMs)));
    const longest = entered.reduce((most, phase) => (phases[phase] > phases[most] ? phase : most));
    if (phases[longest] > 0) lines.push(verdict(call, longest, ranMeanwhile(call, longest, others)));
  }
  return lines.join('\n');
}

function headline({ taskName, taskId, method, callId, durationMs = 0, workerIndex, status, errorKind, error, attemptCount }) {
  const where = workerIndex === undefined ? 'without a worker' : `on worker ${workerIndex}`;
  const attempts = attemptCount > 1 ? ` after ${attemptCount} attempts` : '';
  const why = status === 'ok' ? '' : ` (${[errorKind, error].filter(Boolean).join(': ')})`;
  return `${taskName ?? taskId}.${method} #${callId} took ${ms(durationMs)} ms ${where}${attempts}: ${status}${why}`;
}

function row(phase, spent, all) {
  const share = all > 0 ? spent / all : 0;
  const numbers = `${ms(spent).padStart(9)} ms ${percent(share).padStart(5)}`;
  return `  ${phase.padEnd(9)} ${numbers}  ${'█'.repeat(Math.round(share * BAR))}`.trimEnd();
}

function verdict(call, phase, ran) {
  const { phases, durationMs, workerIndex, attemptCount } = call;
  const share = `${ms(phases[phase])} of ${ms(durationMs)} ms (${percent(phases[phase] / durationMs)}) in ${phase}`;
  const meanwhile = ran.length === 0 ? '' : `; meanwhile ${list(ran)}`;
  switch (phase) {
    case 'admission':
      return `${share}: the queue was full, and the caller waited for a place${meanwhile}.`;
    case 'queue':
      return attemptCount > 1
        ? `${share}: it waited for a worker, and earlier attempts count in${meanwhile}.`
        : `${share}: it waited for its turn at a worker${meanwhile}.`;
    case 'delivery':
      return ran.length === 0
        ? `${share}: no other call known ran on worker ${workerIndex}, which leaves its start, the arguments' copy, and code between its handlers.`
        : `${share}: worker ${workerIndex} was busy; ${list(ran)}.`;
    case 'run':
      return `${share}: in the handler itself.`;
    default:
      return `${share}: the handler was done, and the answer's copy or the page's main thread took this long.`;
  }
}

// When a phase of a call began and ended, in milliseconds since the epoch.
function range({ ts, durationMs, phases }, wanted) {
  let from = ts - durationMs;
  for (const phase of PHASES) {
    const to = from + (phases[phase] ?? 0);
    if (phase === wanted) return [from, to];
    from = to;
  }
  return [from, from];
}

// The calls whose handlers ran while this one waited, for how much of the time: those on its worker if it was already
// under way there, else all of its task. The longest first.
function ranMeanwhile(call, phase, others) {
  if (phase === 'run' || phase === 'reply') return [];
  const [from, to] = range(call, phase);
  const found = new Map();
  for (const other of others) {
    const known = other?.kind === 'span' && other.phases?.run !== undefined && other.spanId !== call.spanId;
    if (!known || other.taskId !== call.taskId) continue;
    if (phase === 'delivery' && other.workerIndex !== call.workerIndex) continue;
    const [began, ended] = range(other, 'run');
    const shared = Math.min(to, ended) - Math.max(from, began);
    if (shared > 0) found.set(other.spanId, { other, shared });
  }
  return [...found.values()].sort((a, b) => b.shared - a.shared);
}

function list(ran) {
  const named = ran.slice(0, NAMED).map(({ other, shared }) => `${other.method} #${other.callId} ran for ${ms(shared)} ms of it`);
  const rest = ran.length - named.length;
  return rest > 0 ? `${named.join(', ')}, and ${rest} more` : named.join(', ');
}

function ms(value) {
  return value.toFixed(value < 10 ? 2 : 1);
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}
