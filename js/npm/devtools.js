// The panel in the page: `mountDevtools` and the element `<atelier-devtools>`.

import { AtelierDevtoolsElement } from './devtools-element.js';
import { checkOptions, checkRuntimes } from './devtools-options.js';

export { AtelierDevtoolsElement };

/** What is mounted: lists of runtimes, their elements and handles. */
const mounted = [];

export function mountDevtools(runtimes, options) {
  if (typeof document === 'undefined') throw new Error('mountDevtools needs a document: call it in the browser, not where the page is rendered');
  const list = checkRuntimes(runtimes);
  const { target, open, dock, theme, hotkey, storageKey } = checkOptions(options);
  // What the page has taken out, with whatever it was in, is no panel any more.
  for (const { element, handle } of [...mounted]) if (element.wasMounted && !element.isConnected) handle.unmount();
  const same = mounted.find((entry) => entry.list.length === list.length && list.every((runtime) => entry.list.includes(runtime)));
  if (same) {
    if (open) same.handle.open();
    return same.handle;
  }
  const element = document.createElement('atelier-devtools');
  if (storageKey !== undefined) element.storageKey = storageKey;
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
  mounted.push({ list, handle, element });
  return handle;
}
