// The page's end of a panel in a window of its own.
//
// The window is opened without an opener, so that the browser gives it an event loop of its own: a window with an opener
// shares the page's, and drawing there would cost the page as much as drawing here. All that such a window and the page
// can share is a BroadcastChannel. Frames are sent one at a time: the next is made when the window has taken the last.

import { watchLongTasks } from './devtools-long-tasks.js';
import { nameOf } from './devtools-options.js';
import { makeWindowPage } from './devtools-window-page.js';

/** What the ledger calls a panel, in the page or in its window. */
export const CONSUMER = 'panel';
/** How long a window may take to say hello, in milliseconds; a new one has a page and the panel's wasm to load. */
const DEFAULT_HELLO_MS = 10_000;
/** How long a window that was open before the page was loaded again may take. */
const DEFAULT_KNOWN_HELLO_MS = 600;
/** How long a window that said goodbye may take to be back: it may only be loading again. */
const DEFAULT_BACK_MS = 1_500;
/** Where the name of this tab's window is kept, for when the page is loaded again. */
const NAME_KEY = 'atelier-devtools.window';
const FEATURES = 'noopener,popup,width=1100,height=720';

export class WindowLink {
  #channel;
  #page = random();
  #window;
  #timer;
  #windowPage;
  #runtimes;
  #settings;
  #opened;
  #on;
  #intervalMs;
  #subscriptions = [];
  #waiting = new Map();
  #sent = 0;
  #wantsEvents = false;

  /**
   * `settings()` and `opened()` give what a window is to begin with: settings, and files that are open. `on.state(state)`
   * hears `opening`, `open`, `blocked` (no window came: the browser may have refused it, unless a reason is given) and
   * `closed` (the user closed the window); `on.setting(name, value)` what the user chose there; `on.close()` that the user
   * closed the panel there; `on.record(place, on)` and `on.forget(name)` what the recorder is to do; `on.opened(files)` which files are open there
   * now; `on.ready()` that the window wants to know how it stands with recordings.
   */
  constructor(runtimes, { settings, opened, on, intervalMs }) {
    this.#runtimes = runtimes;
    this.#settings = settings;
    this.#opened = opened;
    this.#on = on;
    this.#intervalMs = intervalMs;
    this.#channel = new BroadcastChannel(`atelier-devtools:${windowName()}`);
    this.#channel.onmessage = ({ data }) => this.#hear(data);
    addEventListener('pagehide', this.#leave);
    addEventListener('pageshow', this.#return);
  }

  /** Finds the window that is there already, or opens one. Without a press of the user browsers refuse new windows. */
  open() {
    this.#on.state('opening');
    this.#say('here');
    clearTimeout(this.#timer);
    const active = navigator.userActivation?.isActive ?? true;
    // A window from before the page was loaded again answers at once; opening another one needs the user anyway.
    this.#timer = setTimeout(() => this.#on.state('blocked'), active ? DEFAULT_HELLO_MS : DEFAULT_KNOWN_HELLO_MS);
    if (active) this.#openNew();
  }

  async #openNew() {
    try {
      // Made before there is anything to lose: the press that allows a window does so for a few seconds.
      this.#windowPage ??= await makeWindowPage(this.#channel.name);
    } catch (error) {
      clearTimeout(this.#timer);
      if (this.#channel) this.#on.state('blocked', error?.message ?? String(error));
      return;
    }
    if (!this.#channel) return this.#windowPage.release();
    if (!this.#window) window.open(this.#windowPage.url, '_blank', FEATURES);
  }

  /** Shows other runtimes. */
  follow(runtimes) {
    this.#runtimes = runtimes;
    if (this.#window) this.#welcome(this.#window);
  }

  /** Tells the window a setting that was changed in the page. */
  set(name, value) {
    if (this.#window) this.#say('setting', { name, value });
  }

  /** Tells the window how it stands with a runtime's recording. */
  recorder(place, state) {
    if (this.#window) this.#say('recorder', { place, state });
  }

  /** Ends it; the window closes. */
  end() {
    this.#say('bye', { closed: true });
    this.#stop();
    clearTimeout(this.#timer);
    removeEventListener('pagehide', this.#leave);
    removeEventListener('pageshow', this.#return);
    this.#channel?.close();
    this.#channel = undefined;
    this.#windowPage?.release();
  }

  #leave = () => {
    this.#say('bye', { closed: false });
    this.#stop();
  };

  #return = (event) => {
    if (event.persisted) this.#say('here');
  };

  #say(kind, more = {}) {
    this.#channel?.postMessage({ from: 'page', page: this.#page, window: this.#window, kind, ...more });
  }

  #hear(message) {
    if (message?.from !== 'window' || (message.page !== undefined && message.page !== this.#page)) return;
    if (message.kind === 'hello') return this.#welcome(message.window);
    if (message.window !== this.#window) return;
    if (message.kind === 'taken') this.#taken(message.number);
    if (message.kind === 'setting') this.#on.setting(message.name, message.value);
    if (message.kind === 'events') this.#wantsEvents = message.wanted === true;
    if (message.kind === 'close') this.#on.close();
    if (message.kind === 'record') this.#on.record(message.place, message.on);
    if (message.kind === 'forget') this.#on.forget(message.name);
    if (message.kind === 'opened') this.#on.opened(message.files);
    if (message.kind === 'bye') {
      this.#stop();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#on.state('closed'), DEFAULT_BACK_MS);
    }
  }

  #welcome(window) {
    clearTimeout(this.#timer);
    // The latest window is the panel; one before it is told that it no longer is.
    if (this.#window && this.#window !== window) this.#say('bye', { closed: true });
    this.#stop();
    this.#window = window;
    this.#wantsEvents = false;
    this.#say('welcome', { runtimes: this.#runtimes.map(nameOf), settings: this.#settings(), opened: this.#opened() });
    this.#runtimes.forEach((runtime, place) => {
      const take = (frame) => new Promise((resolve) => {
        this.#sent += 1;
        this.#waiting.set(this.#sent, resolve);
        this.#say('frame', { place, frame, number: this.#sent });
      });
      this.#subscriptions.push(runtime.subscribeFrames(take, { intervalMs: this.#intervalMs, events: () => this.#wantsEvents, name: CONSUMER }));
    });
    this.#subscriptions.push(watchLongTasks((start, duration) => this.#say('longTask', { start, duration })));
    this.#on.ready();
    this.#on.state('open');
  }

  #taken(number) {
    this.#waiting.get(number)?.();
    this.#waiting.delete(number);
  }

  #stop() {
    for (const unsubscribe of this.#subscriptions.splice(0)) unsubscribe();
    for (const number of [...this.#waiting.keys()]) this.#taken(number);
    this.#window = undefined;
  }
}

/** The window of this tab has the same name again after the page was loaded again, and another tab's has another. */
function windowName() {
  try {
    const name = sessionStorage.getItem(NAME_KEY) ?? random();
    sessionStorage.setItem(NAME_KEY, name);
    return name;
  } catch {
    return random();
  }
}

function random() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
