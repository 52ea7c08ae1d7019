// The panel in the page: a corner button at once, the panel's wasm when it is first opened.

import { checkDock, checkHotkey, checkOptions, checkRuntimes, checkTheme } from './devtools-options.js';
import { buildShell, showMessage } from './devtools-shell.js';

/** How often an open panel asks for a frame, in milliseconds. */
const DEFAULT_FRAME_INTERVAL_MS = 250;

let loading;

/** The panel's module, loaded once for the page; after a failed load the next opening tries again. */
function loadPanel() {
  loading ??= import('./devtools/atelier_devtools_panel.js')
    .then(async (module) => {
      await module.default({ module_or_path: new URL('./devtools/atelier_devtools_panel_bg.wasm', import.meta.url) });
      return module;
    })
    .catch((error) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

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

  get runtime() {
    return this.#given;
  }

  set runtime(value) {
    this.#runtimes = value === undefined || value === null ? [] : checkRuntimes(value);
    this.#given = value ?? undefined;
    this.#discard();
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
  }

  connectedCallback() {
    if (!this.#shell) {
      const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
      this.#shell = buildShell(root, { toggle: () => { this.open = true; } });
      this.#shell.placed();
    }
    document.addEventListener('keydown', this.#onKey);
    this.#follow();
  }

  disconnectedCallback() {
    document.removeEventListener('keydown', this.#onKey);
    this.#discard();
  }

  attributeChangedCallback(name, _before, value) {
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
    if (name === 'dock') this.#shell?.placed();
    if (name === 'theme') this.#guard(() => this.#panel?.setTheme(this.theme));
    if (name === 'open') this.#follow();
  }

  #onKey = (event) => {
    if (this.#isHotkey?.(event)) {
      event.preventDefault();
      this.open = !this.open;
    }
  };

  /** Brings what is shown in line with the attributes and the runtimes. */
  #follow() {
    if (!this.#shell || !this.isConnected) return;
    const { corner, dock, content } = this.#shell;
    corner.hidden = this.open;
    dock.hidden = !this.open;
    if (!this.open) {
      this.#unsubscribe();
    } else if (this.#failed) {
      // Its message stays.
    } else if (this.#runtimes.length === 0) {
      showMessage(content, 'No runtime to show', 'Set the element’s runtime property, or use mountDevtools(runtime).', this.#close);
    } else if (this.#panel) {
      this.#subscribe();
    } else {
      this.#start(content);
    }
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
        showMessage(content, 'The panel could not be loaded', `${error?.message ?? error}\nClose it and open it to try again.`, this.#close);
      }
      return;
    }
    // Meanwhile it may have been taken out of the page, or been given other runtimes.
    if (this.#opening !== opening) return;
    this.#opening = undefined;
    content.replaceChildren();
    this.#guard(() => {
      this.#panel = new module.Panel(content, {
        runtimes: this.#runtimes.map((runtime, place) => runtime.name ?? `Runtime ${place + 1}`),
        theme: this.theme,
        onTheme: (theme) => { this.theme = theme; },
        onClose: this.#close,
        onPanic: (message) => this.#fail(message),
      });
    });
    this.#follow();
  }

  #subscribe() {
    if (this.#subscriptions.length > 0) return;
    const panel = this.#panel;
    this.#runtimes.forEach((runtime, place) => {
      const take = (frame) => {
        if (this.#panel === panel) this.#guard(() => panel.push(place, frame));
      };
      this.#guard(() => this.#subscriptions.push(runtime.subscribeFrames(take, { intervalMs: DEFAULT_FRAME_INTERVAL_MS })));
    });
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
    if (this.#failed) return;
    this.#failed = true;
    console.error('Atelier devtools: the panel failed and was closed; the app goes on.', reason);
    if (this.#shell) showMessage(this.#shell.content, 'The panel failed and was closed. The app goes on.', String(reason), this.#close);
  }

  #discard() {
    this.#unsubscribe();
    const panel = this.#panel;
    this.#panel = undefined;
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

/** What is mounted: lists of runtimes and their handles. */
const mounted = [];

export function mountDevtools(runtimes, options) {
  const list = checkRuntimes(runtimes);
  const { target, open, dock, theme, hotkey } = checkOptions(options);
  const same = mounted.find((entry) => entry.list.length === list.length && list.every((runtime) => entry.list.includes(runtime)));
  if (same) {
    if (open) same.handle.open();
    return same.handle;
  }
  const element = document.createElement('atelier-devtools');
  element.runtime = list;
  element.dock = dock;
  element.theme = theme;
  element.hotkey = hotkey;
  element.open = open;
  target.append(element);
  const handle = {
    open() { element.open = true; },
    close() { element.open = false; },
    unmount() {
      const place = mounted.findIndex((entry) => entry.handle === handle);
      if (place >= 0) mounted.splice(place, 1);
      element.remove();
    },
  };
  mounted.push({ list, handle });
  return handle;
}
