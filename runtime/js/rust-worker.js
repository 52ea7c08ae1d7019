// The script of a worker whose handlers are Rust: it takes the module that the page has compiled already, instantiates
// it through its wasm-bindgen glue, and calls the exported function that exposes the handlers.

addEventListener(
  'message',
  async ({ data: { module, glue, entry } }) => {
    try {
      const bindings = await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ glue);
      bindings.initSync({ module });
      if (typeof bindings[entry] !== 'function') {
        throw new Error(`the module ${glue} exports no function '${entry}' that could expose handlers`);
      }
      bindings[entry]();
    } catch (error) {
      // Outside of the promise, so that the page's `error` event fires.
      setTimeout(() => {
        throw error;
      });
    }
  },
  { once: true },
);
