// Loads the panel's module and its wasm: once for a page, when a panel is first opened.

import { compileSoon } from './compile.js';

let loading;

/** The panel's module; after a failed load the next call tries again. */
export function loadPanel() {
  loading ??= Promise.all([import('./devtools/atelier_devtools_panel.js'), import('./devtools/wasm-text.js')])
    .then(async ([panel, carried]) => {
      panel.initSync({ module: await compileSoon(carried) });
      return panel;
    })
    .catch((error) => {
      loading = undefined;
      throw error;
    });
  return loading;
}
