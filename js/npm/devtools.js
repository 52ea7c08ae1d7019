// The panel in the page: `mountDevtools` and the element `<atelier-devtools>`.

import { AtelierDevtoolsElement } from './devtools-element.js';
import { checkOptions, checkRuntimes } from './devtools-options.js';
import { endsWith, mustLive } from './lifetimes.js';

export { AtelierDevtoolsElement };

/** What is mounted: lists of runtimes, their elements and handles. */
const mounted = [];

/** A runtime is disposed: its panel shows the others, if there are any. */
function withoutRuntime(entry, runtime) {
  entry.list = entry.list.filter((each) => each !== runtime);
  if (entry.list.length === 0) entry.handle.unmount();
  else entry.element.runtime = entry.list;
}

export function mountDevtools(runtimes, options) {
  if (typeof document === 'undefined') throw new Error('mountDevtools needs a document: call it in the browser, not where the page is rendered');
  const list = checkRuntimes(runtimes);
  list.forEach(mustLive);
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
      for (const forget of forgets) forget();
      element.remove();
    },
  };
  const entry = { list, handle, element };
  const forgets = list.map((runtime) => endsWith(runtime, () => withoutRuntime(entry, runtime)));
  mounted.push(entry);
  return handle;
}
