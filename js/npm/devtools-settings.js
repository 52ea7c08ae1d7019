// What a user chose in the panel, kept in the browser's storage. Storage may be blocked, full, or hold anything.

import { checkDock, checkHotkey, checkTheme } from './devtools-options.js';

/** How large a panel may be said to be, in CSS pixels; the window's size limits it further. */
const MOST_PIXELS = 10_000;

const pixels = (value) => {
  if (!(Number.isFinite(value) && value > 0 && value <= MOST_PIXELS)) throw new RangeError('no size');
};

const CHECKS = {
  theme: checkTheme,
  dock: (value) => {
    if (checkDock(value) === 'inline') throw new RangeError('a panel inside the page is placed by the page');
  },
  hotkey: checkHotkey,
  tab: (value) => {
    if (!/^[a-z]{1,20}$/.test(value)) throw new RangeError('no name of a pane');
  },
  height: pixels,
  width: pixels,
};

/** What is kept under a key: the settings that make sense, whatever else is there. */
export function readSettings(key) {
  const settings = {};
  if (!key) return settings;
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(key) ?? '{}');
  } catch {
    // Blocked, or garbage: as if nothing had been kept.
  }
  for (const [name, check] of Object.entries(CHECKS)) {
    const value = kept?.[name];
    try {
      if (value !== undefined && value !== null) {
        check(value);
        settings[name] = value;
      }
    } catch {
      // A setting of another version, or of nobody's.
    }
  }
  return settings;
}

/** Keeps one setting beside the others. Where nothing can be kept, it holds until the page is left. */
export function keepSetting(key, name, value) {
  if (!key) return;
  try {
    localStorage.setItem(key, JSON.stringify({ ...readSettings(key), [name]: value }));
  } catch {
    // Blocked or full.
  }
}

/** Whether the panel was open in this tab when the page was left, or loaded again. */
export function wasOpen(key) {
  try {
    return Boolean(key) && sessionStorage.getItem(`${key}.open`) === 'true';
  } catch {
    return false;
  }
}

/** Keeps whether the panel is open, for this tab. */
export function keepOpen(key, open) {
  if (!key) return;
  try {
    sessionStorage.setItem(`${key}.open`, String(open));
  } catch {
    // Blocked or full.
  }
}

/**
 * What the page's address says of the panel: `?atelier-devtools` or `#atelier-devtools` opens it, `=0` (or `false`, or
 * `off`) keeps it closed; `undefined` when it says nothing.
 */
export function askedByAddress(address = location) {
  for (const text of [address.search, address.hash.slice(1)]) {
    const value = new URLSearchParams(text).get('atelier-devtools');
    if (value !== null) return !['0', 'false', 'off'].includes(value.toLowerCase());
  }
  return undefined;
}
