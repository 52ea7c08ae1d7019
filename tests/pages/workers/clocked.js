// A worker whose clock is another than the page's: ahead by so many milliseconds, faster by so many millionths, told in steps
// of so many milliseconds; `?ahead=…&faster=…&steps=…`. It says itself, on the page's clock, when its handlers ran.
import { createTaskWorker, expose } from '/atelier/worker.js';

const asked = new URLSearchParams(location.search);
const [ahead, faster, steps] = ['ahead', 'faster', 'steps'].map((name) => Number(asked.get(name) ?? 0));
const { timeOrigin } = performance;
const now = performance.now.bind(performance);
const coarse = (ms) => (steps > 0 ? Math.floor(ms / steps) * steps : ms);

// What the harness reads from now on. The page's clock runs as the real one does, in the same process.
Object.defineProperty(performance, 'timeOrigin', { value: timeOrigin + ahead });
performance.now = () => coarse(now() * (1 + faster / 1e6));

const truth = () => timeOrigin + now();

expose(
  createTaskWorker({
    spin(ms, context) {
      const started = truth();
      // Between any two of these the system may run something else for a while.
      const [opened, closed] = context.span('spin', () => {
        const begun = truth();
        while (truth() - started < ms);
        return [begun, truth()];
      });
      return { started, opened, closed, ended: truth() };
    },
    quick: () => 1,
  }),
);
