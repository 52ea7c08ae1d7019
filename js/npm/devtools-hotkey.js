// The hotkey: which keys it is, and when they are not the hotkey but text that somebody types.

const MODIFIERS = { alt: 'altKey', option: 'altKey', shift: 'shiftKey', ctrl: 'ctrlKey', control: 'ctrlKey', meta: 'metaKey', cmd: 'metaKey' };
/** What these do in a field is typing, too. */
const EDITS = /^(Enter|Tab|Backspace|Delete|Home|End|Page(Up|Down)|Arrow\w+)$/;
const NO_FIELDS = ['button', 'checkbox', 'color', 'file', 'image', 'radio', 'range', 'reset', 'submit'];
const FIELD_ROLES = '[role=textbox], [role=searchbox], [role=combobox], [role=spinbutton]';

/** A test of keyboard events for the hotkey; throws a RangeError when it cannot be understood. */
export function hotkeyTest(hotkey) {
  const parts = hotkey.split('+').map((part) => part.trim());
  const key = parts.pop();
  const wanted = { altKey: false, shiftKey: false, ctrlKey: false, metaKey: false };
  for (const part of parts) {
    const modifier = MODIFIERS[part.toLowerCase()];
    if (!modifier) throw new RangeError(`hotkey '${hotkey}': '${part}' is no modifier; use Alt, Shift, Ctrl or Meta before the key`);
    wanted[modifier] = true;
  }
  if (!key) throw new RangeError(`hotkey '${hotkey}' has no key at its end; write it like 'Alt+Shift+D'`);
  // With Alt or Shift some layouts give another character, so that letters and digits are also known by their place.
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : /^\d$/.test(key) ? `Digit${key}` : undefined;
  return (event) =>
    (event.code === code || event.key?.toLowerCase() === key.toLowerCase()) &&
    Object.entries(wanted).every(([modifier, pressed]) => event[modifier] === pressed) &&
    !event.repeat && !isTyping(event);
}

/** Whether a key is pressed for what it types or edits. With AltGr, which some systems report as Ctrl and Alt, keys type. */
function isTyping(event) {
  if (event.isComposing) return true;
  const { key = '', ctrlKey, altKey, metaKey } = event;
  if ((ctrlKey || altKey || metaKey) && !event.getModifierState?.('AltGraph')) return false;
  return ([...key].length === 1 || key === 'Dead' || EDITS.test(key)) && isField(event.composedPath()[0]);
}

function isField(target) {
  if (!(target instanceof Element)) return false;
  if (target instanceof HTMLInputElement) return !NO_FIELDS.includes(target.type);
  return (
    target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable ||
    Boolean(target.editContext) || target.ownerDocument.designMode === 'on' || target.closest(FIELD_ROLES) !== null
  );
}
