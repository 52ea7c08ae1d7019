// What happens in the panel stays there: the page hears of no key that is typed in it, and takes no press for one beside its
// own menus. Listeners of the page that capture on the document or the window come first, which nobody can prevent.

const KEPT = [
  'keydown', 'keypress', 'keyup', 'beforeinput', 'input', 'compositionstart', 'compositionupdate', 'compositionend',
  'copy', 'cut', 'paste', 'focusin', 'focusout', 'pointerdown', 'mousedown', 'touchstart', 'click', 'auxclick', 'dblclick',
  'contextmenu', 'wheel', 'dragstart', 'drag', 'dragend', 'selectstart',
];
/** Kept when the press began in the panel: the page has to hear how its own drags end, here too. */
const KEPT_OF_A_PRESS = ['pointermove', 'pointerup', 'pointercancel', 'mousemove', 'mouseup', 'touchmove', 'touchend', 'touchcancel'];
/** Kept when the panel takes what is dragged; else a page that keeps the browser from opening it must hear of it. */
const KEPT_WHEN_TAKEN = ['dragenter', 'dragover', 'dragleave', 'drop'];

/** Keeps events in a shadow tree; `onKey` sees the keys first. */
export function keepEvents(root, onKey) {
  let pressed = false;
  root.addEventListener('keydown', (event) => {
    onKey(event);
    if (event.key === 'Escape') escape(event);
  });
  root.addEventListener('pointerdown', () => {
    pressed = true;
    // The next press, wherever it is, ends this one; captured, it comes before the root hears of it.
    addEventListener('pointerdown', () => { pressed = false; }, { capture: true, passive: true, once: true });
  });
  const on = (types, keeps) => {
    for (const type of types) {
      root.addEventListener(type, (event) => { if (keeps(event)) event.stopPropagation(); }, { passive: true });
    }
  };
  on(KEPT, () => true);
  on(KEPT_OF_A_PRESS, () => pressed);
  on(KEPT_WHEN_TAKEN, (event) => event.defaultPrevented);
}

/** Left alone, this key would close a dialog or a popover of the page. In a search field it empties the field, as ever. */
function escape(event) {
  const field = event.composedPath()[0];
  if (event.isComposing || event.defaultPrevented) return;
  event.preventDefault();
  if (field.type !== 'search' || field.value === '') return;
  field.value = '';
  field.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
}
