// The worker's end of its lifeline: what lets the page know that the worker is gone, however it went. The page's end is in
// lifeline-watch.js.

/**
 * Holds a Web Lock for as long as this worker lives, and reports its name once it is held: whoever asks for the same lock
 * gets it when the worker is gone. Where there are no locks (insecure contexts, opaque origins), nothing is reported.
 */
export function holdLifeline(report) {
  try {
    // Nobody else can guess it, so nobody else can hold it.
    const name = `atelier:worker:${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
    const hold = () => {
      report(name);
      return new Promise(() => {});
    };
    navigator.locks.request(name, hold).catch(() => {});
  } catch {
    // No locks here: the worker still says when it closes itself, and the page sees its own `terminate()`.
  }
}

/**
 * Has `last` called when the worker closes itself, with the function that really closes it. That is in the next turn, so
 * that what has finished until then can still be answered.
 */
export function beforeClose(last) {
  const { close } = globalThis;
  if (typeof close !== 'function' || typeof WorkerGlobalScope !== 'function') return;
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => last(() => close.call(globalThis));
  Object.defineProperty(globalThis, 'close', {
    value: () => port2.postMessage(0),
    configurable: true,
    writable: true,
  });
}
