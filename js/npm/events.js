// The shapes of events, made on this side: one call across the border an event, with everything that repeats kept here.

const KINDS = ['counter', 'gauge', 'histogram'];

export function metricEvent(kind, name, value, ts, attrs) {
  return { kind: KINDS[kind], name, value, ts, attrs };
}

const due = [];
let turns;

/** Calls a function in a turn of its own, after this one. */
export function afterTurn(callback) {
  if (!turns) {
    turns = new MessageChannel();
    turns.port1.onmessage = () => {
      for (const each of due.splice(0)) each();
    };
  }
  due.push(callback);
  if (due.length === 1) turns.port2.postMessage(0);
}

/** Gives an event, or an array of them, to a listener; one that throws hurts nobody. */
export function deliver(listener, event) {
  try {
    listener(event);
  } catch (error) {
    console.error('A listener of runtime events threw', error);
  }
}
