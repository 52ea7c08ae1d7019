// How the tasks are set up: well, or badly on purpose, so that one can see what the linter makes of it.

/** Between two tries of a call that was turned away, in milliseconds. */
const TRY_AGAIN_MS = 250;

const GOOD = {
  id: 'good',
  /**
   * Photographs under way at the same time. The others wait as names, not as pixels, so that a thousand of them take no
   * more memory than these.
   */
  photosAtOnce: 12,
  /** Options of `defineTask`, by task. */
  tasks: {},
  /** Options of `with`, for every call. */
  calls: {},
  /** The script of the fingerprint task. */
  fingerprint: './workers/fingerprint.js',
  /** Makes a call that may be turned away. */
  insist: (call) => call(),
  /** What is wrong with it. */
  faults: [],
};

const BAD = {
  id: 'bad',
  photosAtOnce: 48,
  tasks: {
    fingerprint: { maxInFlight: 2, maxQueueDepth: 2, queuePolicy: 'reject' },
    encode: { idleTimeoutMs: 1 },
  },
  calls: { transfer: [], transferResult: false },
  fingerprint: './workers/careless.js',
  insist: tryAgain,
  faults: [
    'fingerprint has one worker that takes two calls at a time, and a queue for two more that turns all others away; the page tries again until it is let in.',
    'fingerprint is slow, and goes on when its call is cancelled: press “Cancel all” while it works.',
    'Every buffer is copied, there and back (transfer: [], transferResult: false).',
    'encode stops its worker after a millisecond without work.',
  ],
};

/** The setup that the address asks for: `?setup=bad`, else the good one. */
export function chosenSetup() {
  return new URLSearchParams(location.search).get('setup') === BAD.id ? BAD : GOOD;
}

/** Shows which setup it is and lets the visitor choose: the page begins anew, since tasks are defined only once. */
export function showSetup(setup) {
  const choice = document.getElementById('setup');
  choice.value = setup.id;
  choice.disabled = false;
  choice.addEventListener('change', () => {
    const address = new URL(location.href);
    if (choice.value === GOOD.id) {
      address.searchParams.delete('setup');
    } else {
      address.searchParams.set('setup', choice.value);
    }
    location.assign(address);
  });
}

// What one does about a queue that is too small, when one does not look at the queue.
async function tryAgain(call) {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (error?.name !== 'QueueDropError') {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
    }
  }
}
