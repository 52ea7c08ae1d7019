// The panel can be seen and used whatever else the page has on top.
import { equal, ok, until } from '../assert.js';
import { find, fullFrame, opened, root, streamOf, taskFrame } from '../panel_root.js';
import { mountDevtools } from '/atelier/devtools.js';

const stream = () => streamOf(fullFrame(0, [taskFrame('t')]));
const frame = () => new Promise((done) => requestAnimationFrame(done));

/** Makes an element with styles, and puts it into the page. */
function added(tag, style = '', parent = document.body) {
  const made = document.createElement(tag);
  made.style.cssText = style;
  parent.append(made);
  return made;
}

/** Whether a press in the middle of a part of the panel reaches it: what is inert or covered is not hit. */
function isHit(part) {
  const { left, top, width, height } = part.getBoundingClientRect();
  const hit = part.getRootNode().elementFromPoint(left + width / 2, top + height / 2);
  return width > 0 && (part === hit || part.contains(hit));
}

const reached = (part, about) => until(() => isHit(part), `${about}: ${part.className} can be pressed`);

/** Mounts a panel, and returns its element. */
function mounted(options) {
  mountDevtools(stream(), { storageKey: '', ...options });
  return document.querySelector('atelier-devtools');
}

export async function a_modal_dialog_leaves_the_button_and_the_panel_usable() {
  const dialog = added('dialog');
  dialog.append(document.createElement('input'));
  dialog.showModal();
  const element = mounted();
  const corner = element.shadowRoot.querySelector('.corner');
  await reached(corner, 'mounted while it is open');
  dialog.close();
  await until(() => element.parentNode === document.body, 'it is where it was');
  await reached(corner, 'closed');
  dialog.showModal();
  await reached(corner, 'opened again');
  corner.click();
  const filter = await until(() => element.shadowRoot.querySelector('.filter'));
  await reached(filter, 'opened in it');
  filter.focus();
  equal(element.shadowRoot.activeElement, filter, 'it takes the focus');
  dialog.close();
  await until(() => element.parentNode === document.body);
  await reached(filter, 'closed');
  equal(element.shadowRoot.querySelector('.filter'), filter, 'it is the same panel');
}

export async function dialogs_one_above_the_other_take_it_along_and_give_it_back() {
  const element = mounted({ open: true });
  const filter = await until(() => element.shadowRoot.querySelector('.filter'));
  filter.value = 'typed';
  const [one, two] = [added('dialog'), added('dialog')];
  // In the order that the document does not have.
  two.showModal();
  await reached(filter, 'two');
  one.showModal();
  await reached(filter, 'one above two');
  equal(element.parentNode, one);
  one.close();
  await reached(filter, 'two again');
  equal(element.parentNode, two);
  one.showModal();
  two.close();
  await reached(filter, 'one alone');
  one.removeAttribute('open');
  one.remove();
  await reached(filter, 'none');
  equal(element.parentNode, document.body);
  equal(filter.value, 'typed');
}

export async function a_dialog_in_a_shadow_tree_does_as_well() {
  const element = mounted({ open: true });
  const filter = await until(() => element.shadowRoot.querySelector('.filter'));
  const dialog = added('dialog', '', added('div').attachShadow({ mode: 'open' }));
  dialog.append(document.createElement('button'));
  dialog.showModal();
  await reached(filter, 'in a shadow tree');
  dialog.close();
  document.body.tabIndex = 0;
  document.body.focus();
  await until(() => element.parentNode === document.body);
  await reached(filter, 'closed');
}

export async function a_dialog_that_throws_it_out_loses_nothing_of_it() {
  const element = mounted({ open: true });
  const filter = await until(() => element.shadowRoot.querySelector('.filter'));
  const dialog = added('dialog');
  dialog.showModal();
  await until(() => element.parentNode === dialog);
  for (let n = 0; n < 3; n++) {
    dialog.replaceChildren(document.createElement('p'));
    await until(() => element.parentNode === dialog, 'drawn anew');
    await reached(filter, 'drawn anew');
  }
  // One that does so for ever is left alone, and the page goes on.
  const watch = new MutationObserver(() => { if (element.parentNode === dialog) element.remove(); });
  watch.observe(dialog, { childList: true });
  dialog.replaceChildren();
  await until(() => element.parentNode === document.body);
  for (let n = 0; n < 60; n++) await frame();
  equal(element.parentNode, document.body);
  watch.disconnect();
  dialog.remove();
  await reached(filter, 'without the dialog');
  equal(element.shadowRoot.querySelector('.filter'), filter, 'it is the same panel');
}

export async function what_is_taken_back_in_a_dialog_does_not_come_back() {
  for (const closes of [(dialog) => dialog.remove(), (dialog) => dialog.close(), () => {}]) {
    const panel = mountDevtools(stream(), { storageKey: '', open: true });
    const element = document.querySelector('atelier-devtools');
    const dialog = added('dialog');
    dialog.showModal();
    await until(() => element.parentNode === dialog);
    closes(dialog);
    panel.unmount();
    for (let n = 0; n < 3; n++) await frame();
    ok(!element.isConnected);
    dialog.remove();
  }
}

export async function a_page_that_takes_out_where_it_was_takes_it_out() {
  const target = added('div');
  const element = mounted({ target });
  const dialog = added('dialog');
  dialog.showModal();
  await until(() => element.parentNode === dialog);
  target.remove();
  dialog.close();
  await until(() => !element.isConnected, 'it is gone with its target');
}

export async function an_element_that_the_page_has_made_stays_where_it_is() {
  const element = added('atelier-devtools');
  element.runtime = stream();
  const dialog = added('dialog');
  dialog.showModal();
  await frame();
  await frame();
  equal(element.parentNode, document.body);
}

export async function popovers_and_whatever_is_fixed_do_not_cover_it() {
  const everywhere = 'position: fixed; inset: 0; width: 100vw; height: 100vh; margin: 0;';
  await opened(stream(), 'tasks', { storageKey: '' });
  const filter = find('.filter');
  added('div', `${everywhere} z-index: 2147483647; background: lime;`);
  await reached(filter, 'the highest z-index');
  for (const kind of ['manual', 'auto', 'hint']) {
    const popover = added('div', everywhere);
    popover.popover = kind;
    filter.focus();
    popover.showPopover();
    await reached(filter, `a popover: ${kind}`);
    equal(root().activeElement, filter, 'the focus stays');
    popover.remove();
  }
  const modeless = added('dialog', `${everywhere} z-index: 2147483647;`);
  modeless.show();
  await reached(filter, 'a dialog that is not modal');
}

export async function the_boxes_around_it_do_not_displace_it() {
  const target = added('div');
  await opened(stream(), 'tasks', { storageKey: '', target });
  const boxes = () => ['.dock', '.filter', '.tab'].map((selector) => {
    const { x, y, width, height } = find(selector).getBoundingClientRect();
    return [x, y, width, height].map(Math.round).join();
  }).join(' ');
  const before = boxes();
  const hostile = [
    'transform: rotate(5deg) scale(0.5)', 'filter: blur(4px)', 'contain: strict; width: 9px; height: 9px', 'overflow: hidden; height: 0', 'perspective: 9px',
    'will-change: transform', 'zoom: 0.6', 'opacity: 0', 'direction: rtl', 'writing-mode: vertical-rl', 'pointer-events: none', 'user-select: none',
    'visibility: hidden', 'clip-path: inset(50%)', 'font-size: 62.5%', 'position: relative; z-index: -1', 'container-type: size', 'isolation: isolate', 'columns: 3',
  ];
  for (const style of hostile) {
    for (const parent of [target, document.body, document.documentElement]) {
      parent.style.cssText = style;
      root().host.close?.();
      root().host.open = false;
      root().host.open = true;
      equal(boxes(), before, `${parent.localName}: ${style}`);
      ok(isHit(find('.filter')), `${parent.localName}: ${style}`);
      parent.style.cssText = '';
    }
  }
}

export async function those_who_make_the_rest_of_the_page_inert_leave_it_out() {
  const element = mounted();
  const corner = element.shadowRoot.querySelector('.corner');
  for (const child of document.body.children) child.inert = true;
  await reached(corner, 'inert');
}

export async function closed_and_inline_it_takes_no_place_on_top() {
  const element = mounted();
  const [corner, dock] = ['.corner', '.dock'].map((selector) => element.shadowRoot.querySelector(selector));
  const onTop = () => [corner, dock].map((part) => part.matches(':popover-open')).join();
  equal(onTop(), 'true,false');
  element.open = true;
  equal(onTop(), 'false,true');
  element.dock = 'inline';
  equal(onTop(), 'false,false');
  equal(getComputedStyle(dock).position, 'relative');
  element.dock = 'left';
  equal(onTop(), 'false,true');
  element.open = false;
  equal(onTop(), 'true,false');
  equal(element.shadowRoot.querySelectorAll(':popover-open').length, 1);
}
