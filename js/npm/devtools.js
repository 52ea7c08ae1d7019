// The panel in the page: `mountDevtools` and the element `<atelier-devtools>`.

import { AtelierDevtoolsElement as OwnElement } from './devtools-element.js';
import { forget, mount } from './devtools-mounted.js';
import { checkRuntimes } from './devtools-options.js';
import { endsWith, mustLive } from './lifetimes.js';
import { VERSION } from './version.js';

const NAME = 'atelier-devtools';
/** By this, a copy of this module finds in the element's class what another copy has put there. */
const COPY = Symbol.for('atelier.devtools');

/** The element's class: of the copy of this module that was there first, where a page has several. */
export const AtelierDevtoolsElement = define();

/** Runtimes that leave their panels when they are disposed. */
const followed = new WeakSet();

export function mountDevtools(runtimes, options) {
  if (typeof document === 'undefined') throw new Error('mountDevtools needs a document: call it in the browser, not where the page is rendered');
  const inCharge = AtelierDevtoolsElement[COPY];
  if (!inCharge) {
    throw new Error(`mountDevtools cannot make its element: something else in this page has defined <${NAME}>`);
  }
  const list = checkRuntimes(runtimes);
  list.forEach(mustLive);
  const handle = inCharge.mount(runtimes, options);
  // Each copy knows the ends of its own runtimes.
  for (const runtime of list) {
    if (!followed.has(runtime)) endsWith(runtime, () => inCharge.forget(runtime));
    followed.add(runtime);
  }
  return handle;
}

function define() {
  const registry = globalThis.customElements;
  const there = registry?.get(NAME);
  if (there) {
    const whose = there[COPY] ? `version ${there[COPY].version} of atelier, which was loaded first, shows the panel` : "it is not one of atelier's";
    console.info(`Atelier devtools ${VERSION}: <${NAME}> is defined already; ${whose}.`);
    return there;
  }
  OwnElement[COPY] = { version: VERSION, mount, forget };
  registry?.define(NAME, OwnElement);
  return OwnElement;
}
