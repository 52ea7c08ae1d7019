// Which panels are in the page, and for whom.
//
// A runtime is in one panel, and all panels at the page's edges are one: what is mounted joins the panel that shows one of its
// runtimes already, or that at the edge. Each mount has a handle; what it has mounted is shown until it is taken back.

import { AtelierDevtoolsElement } from './devtools-element.js';
import { MOVABLE } from './devtools-layer.js';
import { checkOptions, checkRuntimes } from './devtools-options.js';
import { readSettings } from './devtools-settings.js';

/** `{ element, mounts }`, where a mount is `{ list, handle }`. */
const panels = [];

/** Shows runtimes in a panel, a new one if need be. */
export function mount(runtimes, options) {
  const list = [...new Set(checkRuntimes(runtimes))];
  const wanted = checkOptions(options);
  // What the page has taken out, with whatever it was in, is no panel any more.
  for (const panel of [...panels]) if (panel.element.wasMounted && !panel.element.isConnected) remove(panel);
  const panel =
    panels.find(({ mounts }) => mounts.some((mount) => mount.list.some((runtime) => list.includes(runtime)))) ??
    (wanted.dock === 'inline' ? undefined : panels.find(({ element }) => element.dock !== 'inline'));
  if (!panel) return begin(list, wanted);
  const same = panel.mounts.find((mount) => mount.list.length === list.length && list.every((runtime) => mount.list.includes(runtime)));
  const handle = same?.handle ?? join(panel, list);
  apply(panel.element, wanted);
  // Others' runtimes are not carried off to another part of the page.
  const { target, given } = wanted;
  const { element } = panel;
  if (given.includes('target') && !target.contains(element) && unionOf(panel).every((runtime) => list.includes(runtime))) target.append(element);
  if (wanted.open) element.open = true;
  return handle;
}

/** Takes a runtime that has ended out of all panels. */
export function forget(runtime) {
  for (const panel of [...panels]) {
    for (const mount of [...panel.mounts]) {
      if (!mount.list.includes(runtime)) continue;
      mount.list = mount.list.filter((other) => other !== runtime);
      if (mount.list.length === 0) mount.handle.unmount();
    }
    show(panel);
  }
}

function begin(list, { target, open, dock, theme, hotkey, storageKey }) {
  const element = new AtelierDevtoolsElement();
  MOVABLE.add(element);
  if (storageKey !== undefined) element.storageKey = storageKey;
  const panel = { element, mounts: [] };
  panels.push(panel);
  const handle = join(panel, list);
  element.dock = dock;
  element.theme = theme;
  element.hotkey = hotkey;
  element.open = open;
  target.append(element);
  return handle;
}

function join(panel, list) {
  const { element } = panel;
  const isMounted = () => panel.mounts.includes(mount);
  const handle = {
    open() {
      if (isMounted()) element.open = true;
    },
    close() {
      if (isMounted()) element.open = false;
    },
    unmount() {
      if (!isMounted()) return;
      panel.mounts.splice(panel.mounts.indexOf(mount), 1);
      if (panel.mounts.length === 0) remove(panel);
      else show(panel);
    },
  };
  const mount = { list, handle };
  panel.mounts.push(mount);
  show(panel);
  return handle;
}

/** Options that were given to a panel that is there already; what its user chose goes before them, as ever. */
function apply(element, wanted) {
  const given = (name) => wanted.given.includes(name);
  if (given('storageKey') && wanted.storageKey !== element.storageKey) element.storageKey = wanted.storageKey;
  const chosen = readSettings(element.storageKey);
  for (const name of ['theme', 'hotkey']) if (given(name) && chosen[name] === undefined) element[name] = wanted[name];
  const isInline = [wanted.dock, element.dock].includes('inline');
  if (given('dock') && (isInline || chosen.dock === undefined)) element.dock = wanted.dock;
}

function unionOf({ mounts }) {
  return [...new Set(mounts.flatMap(({ list }) => list))];
}

function show(panel) {
  if (panel.mounts.length > 0) panel.element.runtime = unionOf(panel);
}

function remove(panel) {
  panel.mounts = [];
  if (panels.includes(panel)) panels.splice(panels.indexOf(panel), 1);
  // It does not come back from a dialog that it may be in.
  MOVABLE.delete(panel.element);
  panel.element.remove();
}
