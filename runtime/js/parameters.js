// What a handler declares, read once from its text: where its context goes, and whether it looks at `this`.
//
// `Function.length` stops at the first parameter with a default, so it cannot say where the last one is. What cannot be read
// (native and bound functions, proxies of functions) is treated so that no parameter with a default ever gets a context.

/** Where a function gets its context: at the index after its arguments, where it sees what is there. */
class Shape {
  /** The index it has at the least. */
  least;
  /** The index from which on the function sees nothing. */
  end;
  /** Whether what it gets as `this` may matter. */
  usesThis;

  constructor(least, end, usesThis) {
    this.least = least;
    this.end = end;
    this.usesThis = usesThis;
  }
}

/** Reads a function. */
export function shapeOf(fn) {
  let length;
  let text;
  try {
    ({ length } = fn);
    text = Function.prototype.toString.call(fn);
  } catch {
    // A proxy that lets nobody look, or a callable without a text.
    return opaque(length);
  }
  const native = NATIVE.exec(text);
  if (native) return native[1] === '' ? opaque(length) : new Shape(0, 0, true);
  const list = parametersIn(text);
  // A function that says of itself that it is longer or shorter than its text stands for another.
  if (!list || list.required !== length) return opaque(length);
  const { count, isArrow } = list;
  const least = list.lastIsPlain ? count - 1 : count;
  const seesAll = list.hasRest || (!isArrow && /\b(arguments|eval)\b/.test(text));
  return new Shape(least, seesAll ? Infinity : count, !isArrow && /\b(this|super|eval)\b/.test(text));
}

/**
 * Matches the text of a function whose code cannot be read. The browser's own functions and those of a wasm have a name in it;
 * bound functions and proxies have none. The former want no context: `Math.max` would make NaN of it.
 */
export const NATIVE = /^\s*(?:async\s+)?function\s*([^\s(]*)\s*\([^)]*\)\s*\{\s*\[native code\]\s*\}\s*$/;

// What comes after the required parameters may have a default, so the context can only be one of the required ones.
function opaque(length) {
  return Number.isInteger(length) && length > 0 ? new Shape(length - 1, length, true) : new Shape(0, 0, true);
}

/**
 * The parameters in a function's text: how many there are before a rest, how many of them come before the first default,
 * whether the last one is neither a default nor a rest, and whether there is a rest. `undefined` where the text cannot be read.
 */
function parametersIn(text) {
  const reader = new Reader(text);
  let before;
  for (let token = reader.next(); token !== undefined; token = reader.next()) {
    if (token === '=>') return before ? { count: 1, required: 1, lastIsPlain: true, hasRest: false, isArrow: true } : undefined;
    if (token === '(') return parameterList(reader);
    if (token === '[') {
      // The computed name of a method.
      if (!reader.skipTo(']')) return undefined;
    } else if (token === 'class' && before === undefined) {
      return undefined;
    }
    before = token;
  }
  return undefined;
}

function parameterList(reader) {
  let count = 0;
  let required = 0;
  let lastIsPlain = false;
  let isDefault = false;
  let isRest = false;
  let isEmpty = true;
  let sawDefault = false;
  const end = () => {
    if (isEmpty) return;
    lastIsPlain = !isDefault && !isRest;
    sawDefault ||= isDefault || isRest;
    if (!isRest) count += 1;
    if (!sawDefault) required += 1;
    isEmpty = true;
    isDefault = false;
  };
  for (let token = reader.next(); token !== undefined; token = reader.next()) {
    if (token === ')') {
      end();
      const after = reader.next();
      if (after !== '=>' && after !== '{') return undefined;
      return { count, required, lastIsPlain, hasRest: isRest, isArrow: after === '=>' };
    }
    if (token === ',') {
      end();
      continue;
    }
    isEmpty = false;
    if (token === '=') isDefault = true;
    else if (token === '...') isRest = true;
    else if (CLOSING[token] && !reader.skipTo(CLOSING[token])) return undefined;
  }
  return undefined;
}

const CLOSING = { __proto__: null, '(': ')', '[': ']', '{': '}' };

// After these a slash begins a regular expression; after anything else it divides.
const BEFORE_PATTERN = /^(?:[([{,;=:?!&|+\-*%<>~^]|=>|\.\.\.|return|typeof|instanceof|in|of|new|delete|void|throw|case|do|else|await|yield|)$/;

/** Reads JavaScript token by token, as far as is needed to find the end of a list of parameters. */
class Reader {
  #text;
  #at = 0;
  #last = '';

  constructor(text) {
    this.#text = text;
  }

  /** The next token, or `undefined` at the end. Strings, templates and regular expressions are one each. */
  next() {
    this.#skipBlanks();
    const text = this.#text;
    const from = this.#at;
    if (from >= text.length) return undefined;
    const first = text[from];
    let token;
    if (first === '"' || first === "'") token = this.#string(first);
    else if (first === '`') token = this.#template();
    else if (first === '/' && BEFORE_PATTERN.test(this.#last)) token = this.#pattern();
    else if (text.startsWith('=>', from)) token = this.#take(2);
    else if (text.startsWith('...', from)) token = this.#take(3);
    else token = this.#take(WORD.exec(text.slice(from, from + 256))?.[0].length ?? 1);
    this.#last = token ?? '';
    return token;
  }

  /** Reads on to the bracket that closes what was opened. */
  skipTo(closing) {
    for (let token = this.next(); token !== undefined; token = this.next()) {
      if (token === closing) return true;
      if (CLOSING[token] && !this.skipTo(CLOSING[token])) return false;
    }
    return false;
  }

  #take(length) {
    const token = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    return token;
  }

  #skipBlanks() {
    BLANKS.lastIndex = this.#at;
    this.#at += BLANKS.exec(this.#text)[0].length;
  }

  #string(quote) {
    return this.#until((char) => char === quote);
  }

  #pattern() {
    let inClass = false;
    return this.#until((char) => {
      if (char === '[') inClass = true;
      else if (char === ']') inClass = false;
      return char === '/' && !inClass;
    });
  }

  // From a delimiter to the one that ends it; a backslash takes the character after it along.
  #until(ends) {
    const from = this.#at;
    for (let at = from + 1; at < this.#text.length; at++) {
      const char = this.#text[at];
      if (char === '\\') at += 1;
      else if (ends(char)) return this.#take(at + 1 - from);
    }
    this.#at = this.#text.length;
    return undefined;
  }

  #template() {
    const text = this.#text;
    for (this.#at += 1; this.#at < text.length; this.#at++) {
      if (text[this.#at] === '\\') this.#at += 1;
      else if (text[this.#at] === '`') {
        this.#at += 1;
        return '``';
      } else if (text.startsWith('${', this.#at)) {
        this.#at += 2;
        this.#last = '{';
        if (!this.skipTo('}')) return undefined;
        this.#at -= 1;
      }
    }
    return undefined;
  }
}

const BLANKS = /(?:\s|\/\/[^\n\r\u2028\u2029]*|\/\*[^]*?\*\/)*/y;
const WORD = /^(?:[\p{ID_Continue}$#\u200c\u200d]|\\u\{[0-9a-fA-F]+\}|\\u[0-9a-fA-F]{4})+/u;
