// Loads the panel's module and its wasm: once for a page, when a panel is first opened.

let loading;

/** The panel's module; after a failed load the next call tries again. */
export function loadPanel() {
  loading ??= import('./devtools/atelier_devtools_panel.js')
    .then(async (module) => {
      await module.default({ module_or_path: new URL('./devtools/atelier_devtools_panel_bg.wasm', import.meta.url) });
      return module;
    })
    .catch((error) => {
      loading = undefined;
      throw error;
    });
  return loading;
}
