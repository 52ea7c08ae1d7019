// Snapshots at an interval, for those who poll.

export function subscribeSnapshots(take, listener, options = {}) {
  if (typeof listener !== 'function') throw new TypeError('subscribeRuntimeSnapshot takes a function');
  const { intervalMs = 250, emitImmediately = true, onlyOnChange = false } = options;
  if (!(intervalMs > 0)) throw new RangeError(`intervalMs is ${intervalMs}; it takes milliseconds above 0`);
  let last;
  const tell = () => {
    const snapshot = take();
    if (onlyOnChange) {
      const text = JSON.stringify(snapshot);
      if (text === last) return;
      last = text;
    }
    try {
      listener(snapshot);
    } catch (error) {
      console.error('A listener of runtime snapshots threw', error);
    }
  };
  const timer = setInterval(tell, intervalMs);
  if (emitImmediately) tell();
  return () => clearInterval(timer);
}
