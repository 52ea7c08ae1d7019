// The corner button and the dock: what is in the page before the panel's wasm is. Plain elements in a shadow root.

const STYLE = `
:host { --size: 340px; display: contents; color-scheme: light dark; }
:host([theme='light']) { color-scheme: light; }
:host([theme='dark']) { color-scheme: dark; }
:host([dock='inline']) { display: block; height: 460px; }
:host([dock='inline']:not([open])) { height: auto; }
:host([hidden]) { display: none; }
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
  justify-self: center; margin: 6px 0 0; padding: 5px 14px; border: 1px solid light-dark(#c3cad6, #454c5a); border-radius: 6px;
  background: transparent; color: inherit; font: inherit; cursor: pointer;
}
.corner:hover, .dismiss:hover { border-color: light-dark(#1f5fd0, #7fb0ff); }
.corner:focus-visible, .dismiss:focus-visible, .grip:focus-visible { outline: 2px solid light-dark(#1f5fd0, #7fb0ff); outline-offset: 1px; }
.corner svg { display: block; width: 14px; height: 13px; }
.dock {
  position: fixed; z-index: 2147483000; box-sizing: border-box; overflow: hidden;
  background: light-dark(#ffffff, #15171c); color: light-dark(#1a1e26, #e6e9ef);
  box-shadow: 0 0 18px rgb(0 0 0 / 25%);
}
:host(:not([dock])) .dock, :host([dock='bottom']) .dock { right: 0; bottom: 0; left: 0; height: min(var(--size), 92vh); }
:host([dock='right']) .dock { top: 0; right: 0; bottom: 0; width: min(var(--size), 96vw); }
:host([dock='left']) .dock { top: 0; bottom: 0; left: 0; width: min(var(--size), 96vw); }
:host([dock='inline']) .dock {
  position: relative; height: 100%; border: 1px solid light-dark(#d9dde5, #323844); border-radius: 8px; box-shadow: none;
}
:host([dock='inline']) .corner { position: static; box-shadow: none; }
.content { height: 100%; }
.grip { position: absolute; z-index: 3; background: transparent; touch-action: none; }
.grip:hover { background: light-dark(#1f5fd0, #7fb0ff); }
:host(:not([dock])) .grip, :host([dock='bottom']) .grip { top: 0; right: 0; left: 0; height: 4px; cursor: ns-resize; }
:host([dock='right']) .grip { top: 0; bottom: 0; left: 0; width: 4px; cursor: ew-resize; }
:host([dock='left']) .grip { top: 0; right: 0; bottom: 0; width: 4px; cursor: ew-resize; }
:host([dock='inline']) .grip { display: none; }
.message {
  display: grid; gap: 6px; place-content: center; box-sizing: border-box; height: 100%; margin: 0; padding: 20px;
  overflow: auto; overflow-wrap: anywhere; text-align: center; white-space: pre-line;
  font: 13px/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif;
}
`;

/** How large a panel is at first, at the bottom and at a side, and how small it can be made; CSS pixels. */
const DEFAULT_HEIGHT = 340;
const DEFAULT_WIDTH = 420;
const LEAST_SIZE = 160;
const KEY_STEP = 24;

let sheet;

/** Fills a shadow root with the button and the dock. `on.toggle` is called when the button is pressed. */
export function buildShell(root, on) {
  if (!sheet) {
    sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
  }
  root.adoptedStyleSheets = [sheet];
  const corner = element('button', { class: 'corner', type: 'button', part: 'button', 'aria-label': 'Open Atelier devtools', title: 'Open Atelier devtools' });
  corner.append(icon(), 'Atelier');
  corner.addEventListener('click', on.toggle);
  const dock = element('section', { class: 'dock', 'aria-label': 'Atelier devtools' });
  const grip = element('div', { class: 'grip', role: 'separator', tabindex: '0', 'aria-label': 'Size of the panel' });
  const content = element('div', { class: 'content' });
  dock.append(grip, content);
  root.append(corner, dock);
  const sizing = resizable(root.host, grip);
  return { corner, dock, content, placed: sizing };
}

/** Shows a sentence in the panel's place, as text, whatever it holds; with a button that calls `close`, if given. */
export function showMessage(content, title, detail = '', close = undefined) {
  const message = element('div', { class: 'message', role: 'alert' });
  const strong = element('strong', {});
  strong.textContent = title;
  message.append(strong, detail.slice(0, 2000));
  if (close) {
    const button = element('button', { class: 'dismiss', type: 'button' });
    button.textContent = 'Close';
    button.addEventListener('click', close);
    message.append(button);
  }
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
function resizable(host, grip) {
  let size = 0;
  const dockOf = () => host.getAttribute('dock') ?? 'bottom';
  const set = (wanted) => {
    const most = (dockOf() === 'bottom' ? innerHeight : innerWidth) * 0.92;
    size = Math.round(Math.max(Math.min(wanted, most), Math.min(LEAST_SIZE, most)));
    host.style.setProperty('--size', `${size}px`);
    grip.setAttribute('aria-valuenow', String(size));
  };
  const placed = () => {
    grip.setAttribute('aria-orientation', dockOf() === 'bottom' ? 'horizontal' : 'vertical');
    set(dockOf() === 'bottom' ? DEFAULT_HEIGHT : DEFAULT_WIDTH);
  };
  grip.addEventListener('pointerdown', (event) => {
    grip.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  grip.addEventListener('pointermove', (event) => {
    if (!grip.hasPointerCapture(event.pointerId)) return;
    const dock = dockOf();
    set(dock === 'bottom' ? innerHeight - event.clientY : dock === 'right' ? innerWidth - event.clientX : event.clientX);
  });
  grip.addEventListener('keydown', (event) => {
    const growing = { bottom: 'ArrowUp', right: 'ArrowLeft', left: 'ArrowRight' }[dockOf()];
    const shrinking = { bottom: 'ArrowDown', right: 'ArrowRight', left: 'ArrowLeft' }[dockOf()];
    if (event.key !== growing && event.key !== shrinking) return;
    event.preventDefault();
    set(size + (event.key === growing ? KEY_STEP : -KEY_STEP));
  });
  return placed;
}
