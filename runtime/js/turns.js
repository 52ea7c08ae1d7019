// Turns of the loop, for handlers in Rust that compute for long.

const turns = []; // those who wait for the worker's loop
let ticks;

/**
 * Resolves when the worker's loop has had a turn, in which it heard what the page had sent. A message to oneself, since
 * timers would wait for milliseconds.
 */
export function nextTurn() {
  if (!ticks) {
    ticks = new MessageChannel();
    ticks.port1.onmessage = () => turns.shift()();
  }
  return new Promise((resolve) => {
    turns.push(resolve);
    ticks.port2.postMessage(0);
  });
}
