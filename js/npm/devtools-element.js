// The element: a corner button at once, the panel's wasm when it is first opened, a window when it is to be in one.

import { PanelFiles } from './devtools-files.js';
import { loadPanel } from './devtools-load.js';
import { CONSUMER, WindowLink } from './devtools-link.js';
import { watchLongTasks } from './devtools-long-tasks.js';
import { checkDock, checkHotkey, checkRuntimes, checkTheme, IN_PAGE } from './devtools-options.js';
import { PageRecorder } from './devtools-recorder.js';
import { askedByAddress, keepOpen, keepSetting, readSettings, wasOpen } from './devtools-settings.js';
import { buildShell, showMessage } from './devtools-shell.js';
import { report } from './report.js';

/** How often an open panel asks for a frame, in milliseconds. */
const DEFAULT_FRAME_INTERVAL_MS = 250;
/** Where settings are kept unless the page says otherwise. */
const DEFAULT_STORAGE_KEY = 'atelier-devtools';

// Where there is no document (a server renders the page), the module can still be imported.
const Base = globalThis.HTMLElement ?? class {};

export class AtelierDevtoolsElement extends Base {
  static observedAttributes = ['open', 'dock', 'theme'];

  #shell;
  #given;
  #runtimes = [];
  #panel;
  #opening;
  #failed = false;
  #subscriptions = [];
  #isHotkey;
  #hotkey = '';
  #tab;
  #link;
  #linked;
  #wantsEvents = false;
  #recorder;
  #files;
  /** The recordings that are open in the panel, wherever it is: it takes them along. */
  #opened = [];
  #dockInPage = 'bottom';

  get runtime() {
    return this.#given;
  }

  set runtime(value) {
    this.#runtimes = value === undefined || value === null ? [] : checkRuntimes(value);
    this.#given = value ?? undefined;
    this.#discard();
    this.#recorder?.end();
    const recorder = new PageRecorder(this.#runtimes, (place, state) => {
      if (this.#recorder === recorder) this.#tellRecorder(place, state);
    });
    this.#recorder = recorder;
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
  }

  connectedCallback() {
    if (!this.#shell) this.#build();
    document.addEventListener('keydown', this.#onKey);
    this.#follow();
  }

  disconnectedCallback() {
    document.removeEventListener('keydown', this.#onKey);
    this.#discard();
    // Moving the element is a leaving and a coming back, which ends no recording.
    queueMicrotask(() => this.isConnected || this.#recorder?.end());
  }

  attributeChangedCallback(name, before, value) {
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
      this.#shell?.placed();
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
    this.#files = new PanelFiles(this.#shell.content, (act) => this.#guard(act), this.#recording);
    this.#tab = kept.tab;
    if (kept.theme) this.theme = kept.theme;
    if (kept.hotkey !== undefined) this.hotkey = kept.hotkey;
    if (this.dock !== 'inline') {
      if (kept.dock) this.dock = kept.dock;
      if (wanted !== undefined) this.open = wanted;
    }
    this.#shell.placed();
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
    record: (place, on) => this.#recorder?.record(place, on),
    forget: (name) => this.#recorder?.forget(name),
    opened: (files) => { this.#opened = files; },
    ready: () => this.#recorder?.tellAll(),
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
    this.#shell.show(!this.open ? 'closed' : away && this.#linked !== 'blocked' ? 'away' : 'open');
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

  #windowIs(state, reason = 'The browser may have blocked it: allow pop-ups for this page, or press the button here.') {
    this.#linked = state;
    if (state === 'closed') return this.#close();
    this.#shell.show(state === 'blocked' ? 'open' : 'away');
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
        runtimes: this.#runtimes.map((runtime, place) => runtime.name ?? runtime.id ?? `Runtime ${place + 1}`),
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
    if (this.#subscriptions.length > 0) return;
    const panel = this.#panel;
    const how = { intervalMs: DEFAULT_FRAME_INTERVAL_MS, events: () => this.#wantsEvents, name: CONSUMER };
    this.#runtimes.forEach((runtime, place) => {
      const take = (frame) => {
        if (this.#panel === panel) this.#guard(() => panel.push(place, frame));
      };
      this.#guard(() => this.#subscriptions.push(runtime.subscribeFrames(take, how)));
    });
    this.#subscriptions.push(watchLongTasks((start, duration) => this.#guard(() => this.#panel?.pushLongTask(start, duration))));
  }

  #unsubscribe() {
    for (const unsubscribe of this.#subscriptions.splice(0)) {
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

if (globalThis.customElements && !customElements.get('atelier-devtools')) {
  customElements.define('atelier-devtools', AtelierDevtoolsElement);
}
