// What may be asked of the panel, and what is answered when it is asked wrongly.

import { knownOptions } from './check.js';

const OPTIONS = ['target', 'open', 'dock', 'theme', 'hotkey', 'storageKey'];
/** Edges of the page. */
export const IN_PAGE = ['bottom', 'right', 'left'];
const DOCKS = [...IN_PAGE, 'window', 'inline'];
const THEMES = ['system', 'light', 'dark'];
const MODIFIERS = { alt: 'altKey', option: 'altKey', shift: 'shiftKey', ctrl: 'ctrlKey', control: 'ctrlKey', meta: 'metaKey', cmd: 'metaKey' };

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

/** The options of mountDevtools with their defaults; throws for each that makes no sense. */
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
  return { target: place, open, dock: checkDock(dock), theme: checkTheme(theme), hotkey, storageKey };
}

/** A test of keyboard events for the hotkey, or undefined for the empty one; throws when it cannot be understood. */
export function checkHotkey(hotkey) {
  if (typeof hotkey !== 'string') {
    throw new TypeError(`hotkey must be a string such as 'Alt+Shift+D', or '' for none; got ${describe(hotkey)}`);
  }
  if (hotkey === '') return undefined;
  const parts = hotkey.split('+').map((part) => part.trim());
  const key = parts.pop();
  const wanted = { altKey: false, shiftKey: false, ctrlKey: false, metaKey: false };
  for (const part of parts) {
    const modifier = MODIFIERS[part.toLowerCase()];
    if (!modifier) throw new RangeError(`hotkey '${hotkey}': '${part}' is no modifier; use Alt, Shift, Ctrl or Meta before the key`);
    wanted[modifier] = true;
  }
  if (!key) throw new RangeError(`hotkey '${hotkey}' has no key at its end; write it like 'Alt+Shift+D'`);
  // With Alt or Shift some layouts give another character, so that letters and digits are also known by their place.
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : undefined;
  return (event) =>
    (event.code === code || event.key?.toLowerCase() === key.toLowerCase()) &&
    Object.entries(wanted).every(([modifier, pressed]) => event[modifier] === pressed);
}

function oneOf(name, value, values) {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string; got ${describe(value)}`);
  if (values.includes(value)) return value;
  throw new RangeError(`${name} must be one of ${values.map((one) => `'${one}'`).join(', ')}; got '${value}'`);
}

function describe(value) {
  return value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
}
