// Measures frames in the document that draws the panel: the page, or the panel's own window.

const root = () => (document.querySelector('atelier-devtools') ?? document.querySelector('body > div'))?.shadowRoot;
const frame = () => new Promise((done) => requestAnimationFrame(done));
const canvas = () => root().querySelector('.timeline-canvas');
const press = (key) => canvas().dispatchEvent(new KeyboardEvent('keydown', { key }));

/** Brings a pane to front and waits until it is drawn. */
export async function show(pane) {
  root().querySelector(`[data-tab=${pane === 'queues' ? 'tasks' : pane}]`).click();
  if (pane === 'queues') root().querySelectorAll('[data-pane=tasks] .choice button')[1].click();
  for (let n = 0; n < 60; n++) await frame();
  return true;
}

/**
 * The times between animation frames, and how long it took. With `pan`, the timeline shows all it has and is moved in every
 * frame, so that it is drawn anew.
 */
export async function frameTimes(durationMs, pan) {
  const times = [];
  if (pan) {
    for (let n = 0; n < 3; n++) press('-');
    for (let n = 0; n < 30; n++) await frame();
  }
  const begun = await frame();
  let last = begun;
  let left = true;
  while (last - begun < durationMs) {
    if (pan) press(left ? 'a' : 'd');
    left = !left;
    const now = await frame();
    times.push(now - last);
    last = now;
  }
  return [times, last - begun];
}
