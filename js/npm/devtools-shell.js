// The corner button and the dock: what is in the page before the panel's wasm is. Plain elements in a shadow root.
//
// What the page says of the element itself reaches the shadow tree by inheritance only: `all: initial` ends that at the
// two outermost elements, and the element's own display is important, which a page's style sheet cannot outdo. `all` leaves
// out the direction of writing, and `zoom` multiplies down the tree; both are set right there.

const STYLE = `
:host { display: contents !important; zoom: 1 !important; }
:host([dock='inline']) { display: block !important; height: 460px; }
:host([dock='inline']:not([open])) { height: auto; }
:host([hidden]) { display: none !important; }
.corner, .dock {
  all: initial; direction: ltr; unicode-bidi: isolate; zoom: calc(1 / var(--atelier-page-zoom, 1)); color-scheme: light dark;
  --atelier-size: 340px;
}
:is(.corner, .dock)::selection { background: Highlight; color: HighlightText; text-shadow: none; }
:host([theme='light']) :is(.corner, .dock) { color-scheme: light; }
:host([theme='dark']) :is(.corner, .dock) { color-scheme: dark; }
[hidden] { display: none !important; }
.corner {
  position: fixed; right: 14px; bottom: 14px; z-index: 2147483000;
  display: flex; align-items: center; gap: 8px; margin: 0; padding: 8px 12px;
  border: 1px solid light-dark(#d0d5de, #3a404d); border-radius: 18px;
  background: light-dark(#ffffff, #1b1e25); color: light-dark(#1a1e26, #e6e9ef);
  font: 600 12px/1.3 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
  box-shadow: 0 2px 10px rgb(0 0 0 / 22%); cursor: pointer;
}
.dismiss {
  margin: 6px 4px 0; padding: 5px 14px; border: 1px solid light-dark(#c3cad6, #454c5a); border-radius: 6px;
  background: transparent; color: inherit; font: inherit; cursor: pointer;
}
.corner:hover, .dismiss:hover { border-color: light-dark(#1f5fd0, #7fb0ff); }
.corner:focus-visible, .dismiss:focus-visible, .grip:focus-visible { outline: 2px solid light-dark(#1f5fd0, #7fb0ff); outline-offset: 1px; }
.corner svg { display: block; width: 14px; height: 13px; }
.dock {
  display: block; position: fixed; z-index: 2147483000; box-sizing: border-box; overflow: hidden;
  background: light-dark(#ffffff, #15171c); color: light-dark(#1a1e26, #e6e9ef);
  box-shadow: 0 0 18px rgb(0 0 0 / 25%);
}
:host(:not([dock])) .dock, :host(:is([dock='bottom'], [dock='window'])) .dock { right: 0; bottom: 0; left: 0; height: min(var(--atelier-size), 92vh); }
:host([dock='right']) .dock { top: 0; right: 0; bottom: 0; width: min(var(--atelier-size), 96vw); }
:host([dock='left']) .dock { top: 0; bottom: 0; left: 0; width: min(var(--atelier-size), 96vw); }
:host([dock='inline']) .dock {
  position: relative; height: 100%; border: 1px solid light-dark(#d9dde5, #323844); border-radius: 8px; box-shadow: none;
}
:host([dock='inline']) .corner { position: static; box-shadow: none; }
.content { height: 100%; }
.grip { position: absolute; z-index: 3; background: transparent; touch-action: none; }
.grip:hover { background: light-dark(#1f5fd0, #7fb0ff); }
:host(:not([dock])) .grip, :host(:is([dock='bottom'], [dock='window'])) .grip { top: 0; right: 0; left: 0; height: 4px; cursor: ns-resize; }
:host([dock='right']) .grip { top: 0; bottom: 0; left: 0; width: 4px; cursor: ew-resize; }
:host([dock='left']) .grip { top: 0; right: 0; bottom: 0; width: 4px; cursor: ew-resize; }
:host([dock='inline']) .grip { display: none; }
.message {
  display: grid; gap: 6px; place-content: center; box-sizing: border-box; height: 100%; margin: 0; padding: 20px;
  overflow: auto; overflow-wrap: anywhere; text-align: center; white-space: pre-line;
  font: 13px/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
@media print {
  :host(:is([dock], :not([dock]))) { display: none !important; }
}
`;

/** How large a panel is at first, at the bottom and at a side, and how small it can be made; CSS pixels. */
const DEFAULT_HEIGHT = 340;
const DEFAULT_WIDTH = 420;
const LEAST_SIZE = 160;
const KEY_STEP = 24;

let sheet;

/**
 * Fills a shadow root with the button and the dock. `on.press` is called when the button is pressed, `on.sized` with
 * `height` or `width` and the pixels that the user chose.
 */
export function buildShell(root, sizes, on) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  root.adoptedStyleSheets = [sheet];
  const corner = element('button', { class: 'corner', type: 'button', part: 'button', lang: 'en', 'aria-label': 'Open Atelier devtools', title: 'Open Atelier devtools' });
  const name = element('span', {});
  name.textContent = 'Atelier';
  corner.append(icon(), name);
  corner.addEventListener('click', on.press);
  const dock = element('section', { class: 'dock', lang: 'en', 'aria-label': 'Atelier devtools' });
  const grip = element('div', { class: 'grip', role: 'separator', tabindex: '0', 'aria-label': 'Size of the panel' });
  const content = element('div', { class: 'content' });
  dock.append(grip, content);
  root.append(corner, dock);
  const docked = resizable({ host: root.host, dock, grip }, sizes, on.sized);
  return { corner, dock, content, docked, show: (state) => show({ corner, name, dock }, state) };
}

/** What is to be seen: `closed` and the button, `open` and the panel, or `away` while the panel is in a window. */
function show({ corner, name, dock }, state) {
  const away = state === 'away';
  // A zoom of the page is for what is in the page.
  const { parentNode: parent } = corner.getRootNode().host;
  const zoom = String((parent?.host ?? parent)?.currentCSSZoom ?? 1);
  for (const part of [corner, dock]) part.style.setProperty('--atelier-page-zoom', zoom);
  corner.hidden = state === 'open';
  dock.hidden = state !== 'open';
  name.textContent = away ? 'In its own window' : 'Atelier';
  const label = away ? 'Bring Atelier devtools back into the page' : 'Open Atelier devtools';
  corner.setAttribute('aria-label', label);
  corner.setAttribute('title', label);
}

/** Shows a sentence in the panel's place, as text, whatever it holds; with buttons, if given, by what they say. */
export function showMessage(content, title, detail = '', buttons = {}) {
  const message = element('div', { class: 'message', role: 'alert' });
  const strong = element('strong', {});
  strong.textContent = title;
  message.append(strong, detail.slice(0, 2000));
  const row = element('div', {});
  for (const [text, act] of Object.entries(buttons)) {
    const button = element('button', { class: 'dismiss', type: 'button' });
    button.textContent = text;
    button.addEventListener('click', act);
    row.append(button);
  }
  message.append(row);
  content.replaceChildren(message);
}

function element(tag, attributes) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

function icon() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 14 13');
  svg.setAttribute('aria-hidden', 'true');
  for (const [x, y, width, color] of [[0, 0, 14, '#5b96f7'], [4, 5, 10, '#2aa7b5'], [1, 10, 8, '#d99b1f']]) {
    const bar = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
    for (const [name, value] of Object.entries({ x, y, width, height: 3, rx: 1, fill: color })) bar.setAttribute(name, value);
    svg.append(bar);
  }
  return svg;
}

/** Lets the grip (or the arrow keys on it) change the panel's size. Returns what to call when the dock changed. */
function resizable({ host, dock, grip }, { height = DEFAULT_HEIGHT, width = DEFAULT_WIDTH }, sized) {
  const sizes = { height, width };
  const dockOf = () => {
    const dock = host.getAttribute('dock');
    return dock === 'left' || dock === 'right' ? dock : 'bottom';
  };
  const axis = () => (dockOf() === 'bottom' ? 'height' : 'width');
  const set = (wanted) => {
    const whole = axis() === 'height' ? innerHeight : innerWidth;
    const most = Math.round(whole * 0.92);
    const size = Math.round(Math.max(Math.min(wanted, most), Math.min(LEAST_SIZE, most)));
    sizes[axis()] = size;
    dock.style.setProperty('--atelier-size', `${size}px`);
    grip.setAttribute('aria-valuemin', String(Math.min(LEAST_SIZE, most)));
    grip.setAttribute('aria-valuemax', String(most));
    grip.setAttribute('aria-valuenow', String(size));
  };
  const docked = () => {
    grip.setAttribute('aria-orientation', dockOf() === 'bottom' ? 'horizontal' : 'vertical');
    set(sizes[axis()]);
  };
  const keep = () => sized(axis(), sizes[axis()]);
  grip.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    try {
      grip.setPointerCapture(event.pointerId);
    } catch {
      // The pointer is gone already.
    }
  });
  grip.addEventListener('pointermove', (event) => {
    if (!grip.hasPointerCapture(event.pointerId)) return;
    const dock = dockOf();
    set(dock === 'bottom' ? innerHeight - event.clientY : dock === 'right' ? innerWidth - event.clientX : event.clientX);
  });
  grip.addEventListener('lostpointercapture', keep);
  grip.addEventListener('keydown', (event) => {
    const growing = { bottom: 'ArrowUp', right: 'ArrowLeft', left: 'ArrowRight' }[dockOf()];
    const shrinking = { bottom: 'ArrowDown', right: 'ArrowRight', left: 'ArrowLeft' }[dockOf()];
    if (event.key !== growing && event.key !== shrinking) return;
    event.preventDefault();
    set(sizes[axis()] + (event.key === growing ? KEY_STEP : -KEY_STEP));
    keep();
  });
  return docked;
}
