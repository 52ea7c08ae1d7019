// The element: a corner button at once, the panel's wasm when it is first opened, a window when it is to be in one.

import { keepEvents } from './devtools-events.js';
import { PanelFiles } from './devtools-files.js';
import { TopLayer } from './devtools-layer.js';
import { loadPanel } from './devtools-load.js';
import { CONSUMER, WindowLink } from './devtools-link.js';
import { watchLongTasks } from './devtools-long-tasks.js';
import { checkDock, checkHotkey, checkRuntimes, checkTheme, IN_PAGE, nameOf } from './devtools-options.js';
import { PageRecorder } from './devtools-recorder.js';
import { askedByAddress, keepOpen, keepSetting, readSettings, wasOpen } from './devtools-settings.js';
import { buildShell, showMessage } from './devtools-shell.js';
import { endsWith, mustLive } from './lifetimes.js';
import { report } from './report.js';

/** How often an open panel asks for a frame, in milliseconds. */
const DEFAULT_FRAME_INTERVAL_MS = 250;
/** Where settings are kept unless the page says otherwise. */
const DEFAULT_STORAGE_KEY = 'atelier-devtools';

// Where there is no document (a server renders the page), the module can still be imported.
const Base = globalThis.HTMLElement ?? class {};

export class AtelierDevtoolsElement extends Base {
  static observedAttributes = ['open', 'dock', 'theme', 'inert'];

  #shell;
  #layer;
  #isListening = false;
  /** By the runtime: what takes back that its end is waited for. */
  #ends = new Map();
  #given;
  #runtimes = [];
  #panel;
  #opening;
  #failed = false;
  /** What ends each: by the runtime, and of long tasks by the function that watches them. */
  #subscriptions = new Map();
  #isHotkey;
  #hotkey = '';
  #tab;
  #link;
  #linked;
  #wantsEvents = false;
  #recorder = new PageRecorder((index, state) => this.#tellRecorder(index, state));
  #files;
  /** The recordings that are open in the panel, wherever it is: it takes them along. */
  #opened = [];
  #dockInPage = 'bottom';

  get runtime() {
    return this.#given;
  }

  set runtime(value) {
    const before = this.#runtimes;
    const given = value === undefined || value === null ? [] : checkRuntimes(value);
    given.forEach(mustLive);
    this.#runtimes = given;
    this.#given = value ?? undefined;
    this.#recorder.follow(this.#runtimes);
    this.#followEnds();
    const now = this.#runtimes;
    if (now.length === before.length && now.every((runtime, index) => runtime === before[index])) return;
    if (now.length === 0) {
      this.#discard();
    } else {
      // What is shown of a runtime that stays, stays.
      this.#unsubscribe(now);
      this.#guard(() => this.#panel?.setRuntimes(now.map(nameOf), Int32Array.from(now, (runtime) => before.indexOf(runtime))));
      this.#link?.follow(now);
      this.#recorder.tellAll();
    }
    this.#follow();
  }

  get open() {
    return this.hasAttribute('open');
  }

  set open(value) {
    this.toggleAttribute('open', Boolean(value));
  }

  get dock() {
    return this.getAttribute('dock') ?? 'bottom';
  }

  set dock(value) {
    this.setAttribute('dock', checkDock(value));
  }

  get theme() {
    return this.getAttribute('theme') ?? 'system';
  }

  set theme(value) {
    this.setAttribute('theme', checkTheme(value));
  }

  get hotkey() {
    return this.#hotkey;
  }

  set hotkey(value) {
    this.#isHotkey = checkHotkey(value);
    this.#hotkey = value;
    this.#set('hotkey', value);
  }

  get storageKey() {
    return this.getAttribute('storage-key') ?? DEFAULT_STORAGE_KEY;
  }

  /** Whether it has been in a page. */
  get wasMounted() {
    return this.#shell !== undefined;
  }

  set storageKey(value) {
    this.setAttribute('storage-key', value);
    if (this.#shell) this.#takeUp(readSettings(value));
  }

  connectedCallback() {
    if (!this.#shell) this.#build();
    if (!this.#isListening) document.addEventListener('keydown', this.#onKey);
    this.#isListening = true;
    this.#layer.begin();
    this.#followEnds();
    this.#follow();
  }

  /** A runtime that is disposed is shown no longer. Nothing is to be followed by an element that is in no page. */
  #followEnds() {
    const wanted = this.#isListening ? this.#runtimes : [];
    for (const [runtime, cancel] of this.#ends) {
      if (wanted.includes(runtime)) continue;
      cancel();
      this.#ends.delete(runtime);
    }
    const leave = (runtime) => {
      const rest = this.#runtimes.filter((other) => other !== runtime);
      this.runtime = rest.length > 0 ? rest : undefined;
    };
    for (const runtime of wanted) {
      if (this.#ends.has(runtime)) continue;
      try {
        this.#ends.set(runtime, endsWith(runtime, () => leave(runtime)));
      } catch {
        // It was disposed while the element was in no page.
        leave(runtime);
        return;
      }
    }
  }

  /** Where the browser can move the element as it is, nothing has to be done. */
  connectedMoveCallback() {}

  disconnectedCallback() {
    // Moving the element is a leaving and a coming back, which ends nothing.
    queueMicrotask(() => {
      if (this.isConnected || this.#layer.evicted() || !this.#isListening) return;
      document.removeEventListener('keydown', this.#onKey);
      this.#isListening = false;
      this.#followEnds();
      this.#layer.end();
      this.#discard();
      this.#recorder.end();
    });
  }

  attributeChangedCallback(name, before, value) {
    if (name === 'inert') {
      // Set by those who make everything around their own dialog inert.
      if (value !== null) this.removeAttribute('inert');
      return;
    }
    if (value !== null && name !== 'open') {
      try {
        (name === 'dock' ? checkDock : checkTheme)(value);
      } catch (error) {
        // An attribute cannot throw where it is written; the page's error handlers hear of it, the default holds.
        this.removeAttribute(name);
        reportError(error);
        return;
      }
    }
    if (name === 'theme' && before !== value) this.#set('theme', this.theme);
    if (name === 'dock' && before !== value) {
      if (IN_PAGE.includes(this.dock)) this.#dockInPage = this.dock;
      this.#shell?.docked();
      this.#set('dock', this.dock);
      this.#follow();
    }
    if (name === 'open') this.#follow();
  }

  /** Makes what is there before the panel is, and takes up what the user chose last time. */
  #build() {
    const kept = readSettings(this.storageKey);
    const wanted = askedByAddress() ?? (wasOpen(this.storageKey) || undefined);
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    this.#shell = buildShell(root, kept, {
      press: () => this.#pressed(),
      sized: (name, size) => keepSetting(this.storageKey, name, size),
    });
    keepEvents(root, this.#onKey);
    this.#layer = new TopLayer(this, [this.#shell.corner, this.#shell.dock]);
    this.#files = new PanelFiles(this.#shell.content, (act) => this.#guard(act), this.#recording);
    this.#takeUp(kept);
    if (this.dock !== 'inline' && wanted !== undefined) this.open = wanted;
    this.#shell.docked();
  }

  /** Takes up what the user chose. */
  #takeUp({ tab, theme, hotkey, dock }) {
    this.#tab = tab;
    if (theme) this.theme = theme;
    if (hotkey !== undefined) this.hotkey = hotkey;
    if (dock && this.dock !== 'inline') this.dock = dock;
  }

  #onKey = (event) => {
    if (this.#isHotkey?.(event)) {
      event.preventDefault();
      this.open = !this.open;
    }
  };

  /** The corner button: opens the panel, or brings it back from its window. */
  #pressed() {
    if (this.open && this.dock === 'window') this.#choose('dock', this.#dockInPage);
    this.open = true;
  }

  /** Something that the user chose in the panel, wherever that is. */
  #choose(name, value) {
    keepSetting(this.storageKey, name, value);
    if (name === 'tab') this.#tab = value;
    // Another dock may take the panel away, which must not happen under the listener that asks for it.
    else if (name === 'dock') queueMicrotask(() => { this.dock = value; });
    else this[name] = value;
  }

  /** Has the panel show a setting that was changed. */
  #set(name, value) {
    this.#guard(() => this.#panel?.set(name, value));
    this.#link?.set(name, value);
  }

  /** What a panel tells of recordings, wherever the panel is. */
  #recording = {
    record: (index, on) => this.#recorder.record(index, on),
    forget: (name) => this.#recorder.forget(name),
    opened: (files) => { this.#opened = files; },
    ready: () => this.#recorder.tellAll(),
  };

  #tellRecorder(place, state) {
    this.#files?.recorder(place, state);
    this.#link?.recorder(place, state);
  }

  /** What a panel begins with. */
  #settings() {
    const docks = this.dock === 'inline' ? [] : [...IN_PAGE, 'window'];
    return { theme: this.theme, dock: this.dock, docks, hotkey: this.#hotkey, tab: this.#tab };
  }

  /** Brings what is shown in line with the attributes and the runtimes. */
  #follow() {
    if (!this.#shell || !this.isConnected) return;
    const { content } = this.#shell;
    if (this.dock !== 'inline') keepOpen(this.storageKey, this.open);
    const away = this.open && this.dock === 'window' && this.#runtimes.length > 0;
    if (!away) this.#unlink();
    this.#show(!this.open ? 'closed' : away && this.#linked !== 'blocked' ? 'away' : 'open');
    if (!this.open) {
      this.#unsubscribe();
    } else if (this.#failed) {
      // Its message stays.
    } else if (this.#runtimes.length === 0) {
      showMessage(content, 'No runtime to show', 'Set the element’s runtime property, or use mountDevtools(runtime).', { Close: this.#close });
    } else if (away) {
      this.#linkWindow();
    } else if (this.#panel) {
      this.#subscribe();
    } else {
      this.#start(content);
    }
  }

  #show(state) {
    this.#shell.show(state);
    this.#layer.show(this.dock === 'inline');
  }

  #linkWindow() {
    if (this.#link) return;
    this.#discard();
    this.#link = new WindowLink(this.#runtimes, {
      intervalMs: DEFAULT_FRAME_INTERVAL_MS,
      settings: () => this.#settings(),
      opened: () => this.#opened,
      on: {
        state: (state, reason) => this.#windowIs(state, reason),
        setting: (name, value) => this.#choose(name, value),
        close: this.#close,
        ...this.#recording,
      },
    });
    this.#link.open();
  }

  #windowIs(state, reason = 'The browser may have blocked it: allow pop-ups for this page, or press the button here. If it opened and no panel came, the page’s content security policy lets no script run in it.') {
    this.#linked = state;
    if (state === 'closed') return this.#close();
    this.#show(state === 'blocked' ? 'open' : 'away');
    if (state === 'blocked') {
      showMessage(this.#shell.content, 'The panel’s window did not open', reason, {
        'Open the window': () => this.#link?.open(),
        'Dock the panel at the bottom': () => this.#choose('dock', 'bottom'),
        Close: this.#close,
      });
    }
  }

  #unlink() {
    const link = this.#link;
    this.#link = this.#linked = undefined;
    link?.end();
  }

  async #start(content) {
    if (this.#opening) return;
    const opening = (this.#opening = {});
    showMessage(content, 'Loading the panel…');
    let module;
    try {
      module = await loadPanel();
    } catch (error) {
      if (this.#opening === opening) {
        this.#opening = undefined;
        showMessage(content, 'The panel could not be loaded', `${error?.message ?? error}\nClose it and open it to try again.`, { Close: this.#close });
      }
      return;
    }
    // Meanwhile it may have been taken out of the page, been given other runtimes, or been moved to a window.
    if (this.#opening !== opening) return;
    this.#opening = undefined;
    content.replaceChildren();
    this.#wantsEvents = false;
    this.#guard(() => {
      this.#panel = new module.Panel(content, {
        ...this.#settings(),
        runtimes: this.#runtimes.map(nameOf),
        onSetting: (name, value) => this.#choose(name, value),
        onEvents: (wanted) => { this.#wantsEvents = wanted; },
        onClose: this.#close,
        onPanic: (message) => this.#fail(message),
        ...this.#files.options(),
      });
      this.#files.attach(this.#panel, this.#opened);
      this.#recorder.tellAll();
    });
    this.#follow();
  }

  #subscribe() {
    const panel = this.#panel;
    const how = { intervalMs: DEFAULT_FRAME_INTERVAL_MS, events: () => this.#wantsEvents, name: CONSUMER };
    for (const runtime of this.#runtimes) {
      if (this.#subscriptions.has(runtime)) continue;
      const take = (frame) => {
        const index = this.#runtimes.indexOf(runtime);
        if (this.#panel === panel && index >= 0) this.#guard(() => panel.push(index, frame));
      };
      this.#guard(() => this.#subscriptions.set(runtime, runtime.subscribeFrames(take, how)));
    }
    if (this.#subscriptions.has(watchLongTasks)) return;
    this.#subscriptions.set(watchLongTasks, watchLongTasks((start, duration) => this.#guard(() => this.#panel?.pushLongTask(start, duration))));
  }

  /** Ends all subscriptions but those of the runtimes that `stay`. */
  #unsubscribe(stay = []) {
    for (const [key, unsubscribe] of this.#subscriptions) {
      if (stay.includes(key)) continue;
      this.#subscriptions.delete(key);
      try {
        unsubscribe();
      } catch (error) {
        reportError(error);
      }
    }
  }

  /** Closes at a button's press; the keyboard's focus goes where the panel is opened again. */
  #close = () => {
    this.open = false;
    this.#shell?.corner.focus();
  };

  /** Runs what may fail in the panel; a failure closes the panel and never reaches the app. */
  #guard(act) {
    try {
      act();
    } catch (error) {
      this.#fail(error?.stack ?? String(error));
    }
  }

  #fail(reason) {
    this.#unsubscribe();
    this.#panel = undefined;
    this.#files?.attach(undefined);
    // One of them may be what it failed of.
    this.#opened = [];
    if (this.#failed) return;
    this.#failed = true;
    report('Atelier devtools: the panel failed and was closed; the app goes on.', reason);
    if (this.#shell) showMessage(this.#shell.content, 'The panel failed and was closed. The app goes on.', String(reason), { Close: this.#close });
  }

  #discard() {
    this.#unsubscribe();
    this.#unlink();
    const panel = this.#panel;
    this.#panel = undefined;
    this.#files?.attach(undefined);
    this.#opening = undefined;
    if (panel) {
      this.#guard(() => {
        panel.dispose();
        panel.free();
      });
    }
    this.#shell?.content.replaceChildren();
  }
}
