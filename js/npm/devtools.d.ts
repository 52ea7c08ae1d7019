/** What the panel needs of a runtime: the snapshot stream. What `createTaskRuntime()` returns has it. */
export interface DevtoolsRuntime {
  /** What the panel calls the runtime when it shows several. */
  readonly name?: string;
  /**
   * Calls the listener with frames, the first one full, until the returned function is called. A listener that returns a
   * promise gets the next frame when it has been kept. Before each frame `events` says whether its pane of events wants any.
   */
  subscribeFrames(listener: (frame: any) => void | Promise<void>, options?: { intervalMs?: number; events?: () => boolean; name?: string }): () => void;
  /** Records the runtime, for the panel's record button; without it, the button says why it does nothing. */
  record?(): DevtoolsRecording;
}

/** What the panel needs of a recording. What `runtime.record()` returns has it. */
export interface DevtoolsRecording {
  /** How long the file is so far, in bytes; the panel says that it does not know, where it is missing. */
  readonly bytes?: number;
  /** Facts that were lost, or had to make room. */
  readonly dropped?: number;
  /** Ends the recording and gives the file. */
  stop(): Promise<Blob>;
}

/**
 * Where the panel is: at an edge of the page, or in a window of its own. The window has an event loop of its own, so that
 * drawing there costs the page nothing; it is opened when a user asks for it in the panel, since browsers refuse windows
 * that nobody asked for.
 */
export type DevtoolsDock = 'bottom' | 'right' | 'left' | 'window';

/** Colours: as the system says, or always the same. */
export type DevtoolsTheme = 'system' | 'light' | 'dark';

export interface DevtoolsOptions {
  /**
   * Where in the document the element goes; the body unless said otherwise. While a modal dialog is open, it is in there,
   * since everything else is inert.
   */
  target?: Element | ShadowRoot;
  /**
   * Whether the panel is open from the start, so that its wasm is fetched at once. `false` unless said otherwise. The
   * page's address goes before it: `?atelier-devtools` or `#atelier-devtools` opens the panel, `=0` keeps it closed.
   */
  open?: boolean;
  /** `'bottom'` unless said otherwise. `'inline'` puts the panel into the flow of the page, where `target` is. */
  dock?: DevtoolsDock | 'inline';
  /** `'system'` unless said otherwise. */
  theme?: DevtoolsTheme;
  /** Opens and closes the panel: modifiers and a key joined by `+`. `'Alt+Shift+D'` unless said otherwise; `''` is none. */
  hotkey?: string;
  /**
   * The key in `localStorage` under which the panel keeps what its user chose: theme, dock, size, pane and hotkey, which
   * go before the options here. `'atelier-devtools'` unless said otherwise; `''` keeps nothing.
   */
  storageKey?: string;
}

/** A mounted panel. */
export interface Devtools {
  /** Opens the panel. The first time it fetches the panel's wasm. */
  open(): void;
  /** Closes the panel; its subscription ends, so that nothing is paid for it. */
  close(): void;
  /**
   * Takes back what this handle has mounted. The panel, its button and its window go with the last handle; afterwards the
   * handle does nothing.
   */
  unmount(): void;
}

/**
 * Puts the panel's corner button into the page, or joins the panel that is there: a page has one at its edges, which shows
 * all that is mounted. The same runtimes give the same handle; options that are given again hold from then on, except
 * where the user has chosen. A runtime that is disposed leaves the panel.
 *
 * @throws {TypeError} when the first argument is no runtime and no list of runtimes, or an option has the wrong type.
 * @throws {RangeError} when an option is not one of its values, or the hotkey cannot be understood.
 */
export function mountDevtools(runtimes: DevtoolsRuntime | readonly DevtoolsRuntime[], options?: DevtoolsOptions): Devtools;

/**
 * The element `<atelier-devtools>`, with the attributes `open`, `dock`, `theme` and `storage-key`. Its dock may also be
 * `inline`: the panel is then an ordinary block of the page, without a corner button and without a choice of docks.
 */
export class AtelierDevtoolsElement extends HTMLElement {
  /** The runtime or runtimes shown; `undefined` until set. */
  get runtime(): DevtoolsRuntime | readonly DevtoolsRuntime[] | undefined;
  set runtime(value: DevtoolsRuntime | readonly DevtoolsRuntime[] | undefined);
  /** Whether the panel is open. */
  open: boolean;
  /** The dock; throws a RangeError for what it does not know. */
  dock: DevtoolsDock | 'inline';
  /** The theme; throws a RangeError for what it does not know. */
  theme: DevtoolsTheme;
  /** Opens and closes the panel; `''` is none. */
  hotkey: string;
  /** The key under which settings are kept; those that are kept there hold from then on. `''` keeps nothing. */
  storageKey: string;
}

declare global {
  interface HTMLElementTagNameMap {
    'atelier-devtools': AtelierDevtoolsElement;
  }
}
