// Real workers, with what passes between them and the page written down.
import { benchWorker } from './atelier.js';

/**
 * `{ worker, workers, sent, received }`: a factory; the workers it made; messages that the page has posted to any worker
 * since, and those that came from these, in order.
 */
export function watched(make = benchWorker) {
  const [workers, sent, received] = [[], [], []];
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...rest) {
    sent.push({ to: workers.indexOf(this), message });
    return post.call(this, message, ...rest);
  };
  const worker = () => {
    const made = make();
    made.addEventListener('message', ({ data }) => received.push({ from: workers.indexOf(made), message: data }));
    workers.push(made);
    return made;
  };
  const forget = () => {
    sent.length = 0;
    received.length = 0;
  };
  return { worker, workers, sent, received, forget };
}
