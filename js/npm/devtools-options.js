// What may be asked of the panel, and what is answered when it is asked wrongly.

import { knownOptions } from './check.js';
import { hotkeyTest } from './devtools-hotkey.js';

const OPTIONS = ['target', 'open', 'dock', 'theme', 'hotkey', 'storageKey'];
/** Edges of the page. */
export const IN_PAGE = ['bottom', 'right', 'left'];
const DOCKS = [...IN_PAGE, 'window', 'inline'];
const THEMES = ['system', 'light', 'dark'];

/** The dock, if it is one; throws a RangeError that names those there are. */
export function checkDock(dock) {
  return oneOf('dock', dock, DOCKS);
}

/** The theme, if it is one; throws a RangeError that names those there are. */
export function checkTheme(theme) {
  return oneOf('theme', theme, THEMES);
}

/** The runtimes as a list; throws a TypeError when one of them has no snapshot stream. */
export function checkRuntimes(value) {
  const runtimes = Array.isArray(value) ? [...value] : [value];
  if (runtimes.length === 0) {
    throw new TypeError('mountDevtools needs at least one runtime, such as createTaskRuntime() returns');
  }
  for (const runtime of runtimes) {
    if (typeof runtime?.subscribeFrames !== 'function') {
      throw new TypeError(`expected a runtime with subscribeFrames(), such as createTaskRuntime() returns; got ${describe(runtime)}`);
    }
  }
  return runtimes;
}

/** What the panel calls a runtime. */
export function nameOf(runtime, index) {
  return runtime.name ?? runtime.id ?? `Runtime ${index + 1}`;
}

/** The options of mountDevtools with their defaults, and which are `given`; throws for each that makes no sense. */
export function checkOptions(options = {}) {
  if (options === null || typeof options !== 'object') {
    throw new TypeError(`the options of mountDevtools must be an object; got ${describe(options)}`);
  }
  knownOptions(options, OPTIONS, 'mountDevtools');
  const { target, open = false, dock = 'bottom', theme = 'system', hotkey = 'Alt+Shift+D', storageKey } = options;
  if (target !== undefined && !(target instanceof Element || target instanceof ShadowRoot)) {
    throw new TypeError(`target must be an element or a shadow root; got ${describe(target)}`);
  }
  if (typeof open !== 'boolean') {
    throw new TypeError(`open must be true or false; got ${describe(open)}`);
  }
  if (storageKey !== undefined && typeof storageKey !== 'string') {
    throw new TypeError(`storageKey must be a string, or '' to keep nothing; got ${describe(storageKey)}`);
  }
  checkHotkey(hotkey);
  const place = target ?? document.body ?? document.documentElement;
  const given = Object.keys(options).filter((name) => options[name] !== undefined);
  return { target: place, open, dock: checkDock(dock), theme: checkTheme(theme), hotkey, storageKey, given };
}

/** A test of keyboard events for the hotkey, or undefined for the empty one; throws when it cannot be understood. */
export function checkHotkey(hotkey) {
  if (typeof hotkey !== 'string') {
    throw new TypeError(`hotkey must be a string such as 'Alt+Shift+D', or '' for none; got ${describe(hotkey)}`);
  }
  if (hotkey === '') return undefined;
  return hotkeyTest(hotkey);
}

function oneOf(name, value, values) {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string; got ${describe(value)}`);
  if (values.includes(value)) return value;
  throw new RangeError(`${name} must be one of ${values.map((one) => `'${one}'`).join(', ')}; got '${value}'`);
}

function describe(value) {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
