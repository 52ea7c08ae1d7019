// The top layer: the button and the dock are above everything of the page, and can be used whatever else is open there.
//
// A popover is above what the page stacks by z-index, is not clipped, and ignores transforms around it. Two things still get
// in its way. What enters the top layer later (a dialog, a fullscreen element, another popover) covers it: then it is shown
// anew. A modal dialog makes everything outside of itself inert, popovers as well, and so does a fullscreen element in Chromium:
// then the element moves into it until that is over. Where a browser has no popovers, all of this does nothing, and the style sheet's z-index has to do.

/**
 * Elements that may be moved. One that a framework has put into the page may not: the framework would look for it where it
 * was, and fail.
 */
export const MOVABLE = new WeakSet();

const POPOVERS = typeof globalThis.HTMLElement?.prototype.showPopover === 'function';
/** How often a dialog may throw the element out before it is left alone: pages draw a dialog's content anew. */
const MOST_EVICTIONS = 20;

export class TopLayer {
  #host;
  #parts;
  #listening;
  /** Modal dialogs that are open, the last on top, as far as they can be found. */
  #modals = [];
  #evictions = new WeakMap();
  /** The dialog that the element is in, and where it was before. */
  #dialog;
  #home;
  #watch = POPOVERS && new MutationObserver(() => this.#settle());

  /** `parts` are elements in the host's shadow tree. */
  constructor(host, parts) {
    this.#host = host;
    this.#parts = parts;
  }

  /** The host is in a document. */
  begin() {
    if (!POPOVERS || this.#listening) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    const options = { capture: true, passive: true, signal };
    document.addEventListener('beforetoggle', this.#onToggle, options);
    document.addEventListener('toggle', this.#onToggle, options);
    document.addEventListener('fullscreenchange', () => this.#settle(true), options);
    addEventListener('focusin', this.#onFocus, options);
    addEventListener('pointerdown', this.#onPress, options);
    this.#settle();
  }

  /** The host is in no document any more, and does not come back by itself. */
  end() {
    this.#listening?.abort();
    this.#listening = undefined;
    this.#leave();
    this.#modals = [];
  }

  /** The host was taken out of its document. Says whether that was a dialog's doing, and the host went back home. */
  evicted() {
    const dialog = this.#dialog;
    if (!dialog || this.#host.isConnected || !MOVABLE.has(this.#host)) return false;
    const evictions = (this.#evictions.get(dialog) ?? 0) + 1;
    this.#evictions.set(dialog, evictions);
    this.#goHome();
    // Not at once: a page that takes it out as often as it comes back would never get on.
    if (this.#host.isConnected) requestAnimationFrame(() => this.#settle());
    return this.#host.isConnected;
  }

  /** Puts each part that is to be seen into the top layer, and no other; none while the panel is in the page's flow. */
  show(inFlow) {
    if (!POPOVERS) return;
    for (const part of this.#parts) {
      if (inFlow) {
        part.removeAttribute('popover');
      } else {
        part.setAttribute('popover', 'manual');
        lift(part, !part.hidden);
      }
    }
    this.#settle();
  }

  get #inFlow() {
    return !this.#parts[0].hasAttribute('popover');
  }

  #onToggle = ({ type, target, newState }) => {
    if (target === this.#dialog && type === 'beforetoggle') {
      if (newState === 'closed') this.#goHome();
      return;
    }
    if (type !== 'toggle') return;
    if (target instanceof HTMLDialogElement) this.#settle(newState === 'open' && this.#isCoveredBy(target));
    else if (newState === 'open' && target.matches?.(':popover-open') && this.#isCoveredBy(target)) this.#raise();
  };

  // A dialog in a shadow tree is heard of only here: its other events stay in the tree, the focus that it takes does not.
  #onFocus = (event) => {
    const dialog = event.composedPath().find(isModal);
    if (dialog ? !this.#modals.includes(dialog) : this.#dialog && !isModal(this.#dialog)) this.#settle(false, dialog);
  };

  // Whatever was not heard of: a press where a part is that goes to something else.
  #onPress = (event) => {
    if (this.#inFlow || event.composedPath().includes(this.#host)) return;
    const pressed = ({ left, right, top, bottom }) =>
      event.clientX >= left && event.clientX < right && event.clientY >= top && event.clientY < bottom;
    if (this.#boxes().some(pressed)) this.#settle(true, event.composedPath().find(isModal));
  };

  /** Puts the host where it can be used, and the parts on top if they went elsewhere or `covered` says that they are not. */
  #settle(covered = false, found) {
    if (!this.#listening || this.#inFlow || !this.#host.isConnected) return;
    // The page moved the host itself: it is at home there.
    if (this.#dialog && this.#host.parentNode !== this.#dialog) this.#leave();
    const dialog = this.#topModal(found);
    const stays = dialog && (this.#evictions.get(dialog) ?? 0) >= MOST_EVICTIONS;
    const wanted = MOVABLE.has(this.#host) && !stays ? dialog : undefined;
    if (wanted === this.#dialog) {
      if (covered) this.#raise();
      return;
    }
    if (wanted) this.#goInto(wanted);
    else this.#goHome();
    this.#raise();
  }

  #topModal(found) {
    const known = this.#modals.filter(isModal);
    const news = new Set(document.querySelectorAll('dialog:modal'));
    if (found) news.add(found);
    for (const dialog of known) news.delete(dialog);
    // Of several at once, the last is the one that took the focus.
    const focused = (dialog) => Number(dialog.matches(':focus-within'));
    this.#modals = [...known, ...[...news].filter(isModal).sort((one, other) => focused(one) - focused(other))];
    return this.#modals.at(-1) ?? fullscreenContainer();
  }

  #goInto(dialog) {
    this.#home ??= { parent: this.#host.parentNode, next: this.#host.nextSibling };
    this.#dialog = dialog;
    this.#watch.disconnect();
    // Some close a dialog by its attribute, of which no event tells.
    this.#watch.observe(dialog, { attributes: true, attributeFilter: ['open'] });
    move(this.#host, dialog, null);
  }

  #goHome() {
    if (!this.#dialog) return;
    const { parent, next } = this.#home;
    this.#leave();
    if (parent.isConnected) move(this.#host, parent, next?.parentNode === parent ? next : null);
    // The page has taken out what the host was in.
    else this.#host.remove();
    this.#lift();
  }

  #leave() {
    if (this.#watch) this.#watch.disconnect();
    this.#dialog = this.#home = undefined;
  }

  #lift() {
    for (const part of this.#parts) lift(part, !part.hidden);
  }

  /** Shows the parts anew, above what was shown since. */
  #raise() {
    for (const part of this.#parts) lift(part, false);
    this.#lift();
  }

  #boxes() {
    return this.#parts.filter((part) => !part.hidden).map((part) => part.getBoundingClientRect());
  }

  #isCoveredBy(element) {
    if (element instanceof HTMLDialogElement && isModal(element)) return true;
    const one = element.getBoundingClientRect();
    return this.#boxes().some((other) => one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom);
  }
}

// What shows itself and not its children, such as a video, can take nothing in.
const REPLACED = 'audio, canvas, embed, iframe, img, input, object, select, textarea, video';

function fullscreenContainer() {
  const element = document.fullscreenElement;
  return element && element !== document.documentElement && !element.matches(REPLACED) ? element : undefined;
}

function isModal(node) {
  return node instanceof HTMLDialogElement && node.isConnected && node.matches(':modal');
}

function lift(part, shown) {
  if (!part.isConnected || part.popover === null || part.matches(':popover-open') === shown) return;
  if (shown) part.showPopover();
  else part.hidePopover();
}

/** Moves an element with what it remembers, where the browser can do that; the focus stays in any case. */
function move(element, parent, before) {
  const focused = element.shadowRoot.activeElement;
  if (element.isConnected && typeof parent.moveBefore === 'function') parent.moveBefore(element, before);
  else parent.insertBefore(element, before);
  if (focused && element.shadowRoot.activeElement !== focused) focused.focus({ preventScroll: true });
}
