// The panel at the bottom of the page.

import { element } from './dom.js';

/**
 * Puts the panel for `runtime` into `place`. The tour works without it, so when it cannot be loaded, its place says so.
 */
export async function mountPanel(runtime, place) {
  try {
    await import('/atelier/devtools.js');
    const panel = element('atelier-devtools', { dock: 'inline' });
    panel.runtime = runtime;
    place.replaceChildren(panel);
  } catch (error) {
    place.replaceChildren(element('p', { class: 'notice' }, `The panel could not be loaded: ${error.message}.`));
  }
}
