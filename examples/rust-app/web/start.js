// Compiles the module once and begins the page; the workers run the same compiled module.

try {
  const { default: init, main_page } = await import('./pkg/atelier_rust_app.js');
  await init({ module_or_path: new URL('./pkg/atelier_rust_app_bg.wasm', import.meta.url) });
  main_page();
} catch (error) {
  const notice = document.getElementById('notice');
  notice.textContent = `The page could not start: ${error?.message ?? error}. “cargo xtask demo” builds and serves it.`;
  notice.hidden = false;
  throw error;
}
