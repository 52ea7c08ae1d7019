// The panel at the bottom of the page.

import { element } from './dom.js';

/**
 * Puts the panel for `runtime` into `place`. The tour works without it, so when it cannot be loaded, its place says so.
 */
export async function mountPanel(runtime, place) {
  try {
    await import('/atelier/devtools.js');
  } catch (error) {
    place.replaceChildren(element('p', { class: 'notice' }, `The panel could not be loaded: ${error.message}.`));
    return;
  }
  const panel = element('atelier-devtools', { dock: 'inline', open: true });
  panel.runtime = runtime;
  place.replaceChildren(panel, reopener(panel));
}

// A panel inside the page has no corner button, so once closed it needs another way back.
function reopener(panel) {
  const button = element('button', { type: 'button', hidden: true }, 'Open the panel');
  button.addEventListener('click', () => { panel.open = true; });
  new MutationObserver(() => { button.hidden = panel.open; }).observe(panel, { attributeFilter: ['open'] });
  return button;
}
