// Starts the tour, and says so in the page when that fails: a module that cannot be loaded would otherwise leave
// nothing but a line in the console.

try {
  await import('./tour.js');
} catch (error) {
  const notice = document.getElementById('notice');
  notice.textContent = `The tour could not start: ${error?.message ?? error}. `
    + 'It needs the built package beside it; “cargo xtask demo” builds everything and serves this page.';
  notice.hidden = false;
  throw error;
}
