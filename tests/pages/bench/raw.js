// The floor: what a careful hand writes over postMessage for exactly these cells. One message a call, round robin over
// the workers; no limits, no events, no recovery.
import { rejections } from './rejections.js';

export async function open({ workers: count }) {
  const pending = new Map();
  const queued = new Map();
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker('/tests/bench/workers/raw.js', { type: 'module' });
    worker.onmessage = ({ data: [id, failed, value] }) => {
      const call = pending.get(id);
      if (!call) return;
      pending.delete(id);
      if (failed) call.reject(value);
      else call.resolve(value);
    };
    worker.onerror = ({ message }) => {
      for (const call of pending.values()) call.reject(new Error(message));
      pending.clear();
    };
    return worker;
  });
  let ids = 0;

  function post(method, args, transfer) {
    return new Promise((resolve, reject) => {
      const id = ids++;
      pending.set(id, { resolve, reject });
      workers[id % count].postMessage([id, method, args], transfer);
    });
  }

  function queue(key) {
    return new Promise((resolve, reject) => {
      let calls = queued.get(key);
      if (!calls) queued.set(key, (calls = new Set()));
      calls.add({ resolve, reject });
    });
  }

  function abort(key) {
    const reason = new DOMException('aborted', 'AbortError');
    for (const call of queued.get(key) ?? []) call.reject(reason);
    queued.delete(key);
  }

  return {
    call: (n) => post('echo', [n], []),
    move: (buffer) => post('echo', [buffer], [buffer]),
    async cancelQueued(calls) {
      const all = rejections(calls);
      for (let n = 0; n < calls; n++) queue('all').catch(all.rejected);
      abort('all');
      await all;
    },
  };
}
