// What happens in the panel stays in it, and what happens in the page does not open the panel by mistake.
import { deepEqual, equal, ok, until } from '../assert.js';
import { find, fullFrame, opened, root, streamOf, taskFrame } from '../panel_root.js';
import { mountDevtools } from '/atelier/devtools.js';

const element = () => document.querySelector('atelier-devtools');
const stream = () => streamOf(fullFrame(0, [taskFrame('t')]));
const send = (target, Event, type, init) => target.dispatchEvent(new Event(type, { bubbles: true, composed: true, cancelable: true, ...init }));

const OF_A_PRESS = ['pointerdown', 'mousedown', 'pointermove', 'mousemove', 'pointerup', 'mouseup', 'click', 'dblclick', 'auxclick', 'contextmenu'];
const OTHERS = {
  keydown: KeyboardEvent, keypress: KeyboardEvent, keyup: KeyboardEvent, beforeinput: InputEvent, input: InputEvent, compositionstart: CompositionEvent,
  compositionend: CompositionEvent, copy: ClipboardEvent, cut: ClipboardEvent, paste: ClipboardEvent, focusin: FocusEvent, focusout: FocusEvent,
  wheel: WheelEvent, touchstart: TouchEvent, touchmove: TouchEvent, touchend: TouchEvent, dragstart: DragEvent, selectstart: Event,
};

/** What the page hears of these from now on, as it does by listeners that do not capture. */
function hearing(...types) {
  const heard = [];
  for (const type of types) {
    for (const target of [document.body, document, window]) target.addEventListener(type, () => heard.push(type));
  }
  return heard;
}

export async function the_page_hears_nothing_of_what_is_done_in_the_panel() {
  await opened(stream(), 'tasks', { storageKey: '' });
  const heard = hearing(...OF_A_PRESS, ...Object.keys(OTHERS));
  for (const part of [find('.filter'), find('.tab'), find('.grip'), find('.panel')]) {
    for (const type of OF_A_PRESS) send(part, type.startsWith('pointer') ? PointerEvent : MouseEvent, type);
    for (const [type, Event] of Object.entries(OTHERS)) send(part, Event, type, { key: 'k' });
    part.focus();
  }
  element().open = false;
  for (const type of OF_A_PRESS.slice(0, 6)) send(find('.corner'), type.startsWith('pointer') ? PointerEvent : MouseEvent, type);
  deepEqual(heard, []);
}

export async function the_page_hears_how_its_own_drag_ends_above_the_panel() {
  await opened(stream(), 'tasks', { storageKey: '' });
  send(find('.panel'), PointerEvent, 'pointerdown');
  const heard = hearing('pointerdown', 'pointermove', 'pointerup', 'mouseup', 'dragover', 'drop');
  send(document.body, PointerEvent, 'pointerdown');
  for (const type of ['pointermove', 'pointerup']) send(find('.panel'), PointerEvent, type);
  send(find('.panel'), MouseEvent, 'mouseup');
  // Files that the panel does not take: the page may keep the browser from going to them.
  for (const type of ['dragover', 'drop']) send(find('.panel'), DragEvent, type);
  deepEqual([...new Set(heard)], ['pointerdown', 'pointermove', 'pointerup', 'mouseup', 'dragover', 'drop']);
  heard.length = 0;
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(['x'], 'x.txt'));
  for (const type of ['dragenter', 'dragover', 'dragleave']) send(find('.panel'), DragEvent, type, { dataTransfer });
  deepEqual(heard, [], 'a file that the panel takes is its own');
}

export async function escape_in_the_panel_closes_nothing_of_the_page() {
  await opened(stream(), 'tasks', { storageKey: '' });
  const filter = find('.filter');
  filter.value = 'nothing';
  send(filter, InputEvent, 'input');
  await until(() => !find('tr[data-task-id=t]'), 'filtered away');
  ok(!send(filter, KeyboardEvent, 'keydown', { key: 'Escape' }), 'the browser does nothing about it');
  equal(filter.value, '', 'but the field is emptied');
  await until(() => find('tr[data-task-id=t]'));
  ok(!send(find('.tab'), KeyboardEvent, 'keydown', { key: 'Escape' }));
}

export async function a_hotkey_that_types_does_so_in_fields() {
  mountDevtools(stream(), { storageKey: '', hotkey: 'd' });
  const press = (target, init = {}) => {
    const before = element().open;
    const more = { key: 'd', code: 'KeyD', ...init };
    send(target, KeyboardEvent, 'keydown', more);
    const toggled = element().open !== before;
    element().open = before;
    return toggled;
  };
  const made = (tag, attributes = {}, parent = document.body) => {
    const field = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
    parent.append(field);
    return field;
  };
  const within = made('div').attachShadow({ mode: 'open' });
  const editable = made('div', { contenteditable: '' });
  const fields = [
    made('input'), made('input', { type: 'search' }), made('input', { type: 'number' }), made('textarea'), made('select'), editable, made('b', {}, editable),
    made('input', {}, within), made('div', { role: 'textbox' }), made('div', { contenteditable: 'plaintext-only' }),
  ];
  for (const field of fields) equal(press(field), false, field.outerHTML);
  for (const other of [document.body, made('button'), made('input', { type: 'checkbox' }), made('a')]) equal(press(other), true, other.outerHTML);
  equal(press(document.body, { repeat: true }), false, 'held down');
  equal(press(document.body, { isComposing: true }), false, 'composed');
  element().hotkey = 'Enter';
  equal(press(fields[0], { key: 'Enter', code: 'Enter' }), false);
  element().hotkey = 'F9';
  equal(press(fields[0], { key: 'F9', code: 'F9' }), true);
  element().hotkey = 'Ctrl+Alt+D';
  equal(press(fields[0], { ctrlKey: true, altKey: true }), true);
  equal(press(fields[0], { ctrlKey: true, altKey: true, modifierAltGraph: true }), false, 'AltGr types');
  element().hotkey = 'd';
  element().open = true;
  const filter = await until(() => find('.filter'));
  equal(press(filter), false, 'in the panel, too');
  equal(press(find('.tab')), true, 'in the panel it closes the panel');
  equal(root().host, element());
}
