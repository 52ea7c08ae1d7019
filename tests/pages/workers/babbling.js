// Answers as it should, and says all kinds of other things.
import { createTaskWorker, expose } from '/atelier/worker.js';
import { MARK, TO_PAGE } from '/atelier/worker/wire.js';

const inbox = [];
addEventListener('message', ({ data }) => inbox.push(data));

expose(
  createTaskWorker({
    echo: (value) => value,
    // Answers for another call, again, for none, and with what nobody can read.
    async babble() {
      await null;
      const { RESULT, FAILURE, THROWN, SPANS, TIMES } = TO_PAGE;
      const odd = ['__proto__', 'length', -1, 0.5, NaN, 1e9, null, undefined, {}, [], 0, 1, 2, 3];
      for (const slot of odd) {
        for (const number of ['__proto__', undefined, null, 0, -1, 0.5, 1e9, {}]) {
          postMessage([MARK, RESULT, slot, number, 'wrong']);
          postMessage([MARK, FAILURE, slot, number, ['Error', 'Error', 'wrong']]);
          postMessage([MARK, FAILURE, slot, number]);
          postMessage([MARK, THROWN, slot, number, 'wrong']);
        }
        postMessage([MARK, SPANS, slot, 1, 2, 3, 4]);
        postMessage([MARK, TIMES, slot, slot]);
      }
      for (const kind of ['__proto__', 99, -1, NaN, {}, null, 1.5]) postMessage([MARK, kind, 0, 0, 'wrong']);
      return 'said';
    },
    // Answers once more for the calls that had its slot before, as a second copy of this protocol would.
    repeat: (value) => {
      // The call is the message's last entry, and its arguments are the last thing in it.
      const [slot, , , number] = inbox.at(-1).slice(-5);
      for (let before = 1; before < number; before++) postMessage([MARK, TO_PAGE.RESULT, slot, before, 'repeated']);
      return value;
    },
  }),
);
