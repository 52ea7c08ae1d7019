// Why a value could not be sent. Asked only after it has failed: the browser says no more than what kind of thing it was.

/** How many values are looked at. */
const MAX_VALUES = 10_000;
/** How much of a path is shown. */
const MAX_PATH = 200;

/** The error of a result that could not be sent, for its caller; `error` is what the browser threw. */
export function unsent(error, value, method) {
  // What a getter of it threw is the handler's own error.
  if (!(error instanceof DOMException) || error.name !== 'DataCloneError') return error;
  const found = culprit(value, 'result') ?? error.message;
  const more = found.endsWith(MOVED) ? '; with({ transferResult: false }) sends copies of what a handler keeps' : '';
  const better = new DOMException(`The result of '${method}' cannot be sent: ${found}${more}`, 'DataCloneError');
  Object.defineProperty(better, 'cause', { __proto__: null, value: error, configurable: true, writable: true });
  return better;
}

const MOVED = 'was moved away before';
const SHARED = 'is a SharedArrayBuffer or a view on one, which only a cross-origin isolated page may share';

/**
 * What in a value keeps it from being sent, such as `result.rows[0].done is a function`; `undefined` where nothing is found.
 * `name` is what the value itself is called.
 */
export function culprit(value, name) {
  const open = [[value, name]];
  const seen = new Set();
  const containers = [];
  for (let left = MAX_VALUES; open.length > 0 && left > 0; left--) {
    const [each, path] = open.pop();
    const what = wrongWith(each);
    if (what !== undefined) return `${shortened(path)} ${what}`;
    if (!isContainer(each) || seen.has(each)) continue;
    seen.add(each);
    containers.push([each, path]);
    open.push(...parts(each, path).reverse());
  }
  // None of the parts is to blame, so it is one of the containers: a proxy, whose parts can all be sent.
  const whole = containers.reverse().find(([each]) => !canBeCopied(each));
  return whole && `${shortened(whole[1])} is a proxy, or has something in it that cannot be copied`;
}

function wrongWith(value) {
  try {
    return fault(value);
  } catch {
    return 'is a proxy that lets nobody look';
  }
}

function fault(value) {
  if (typeof value === 'function') return 'is a function';
  if (typeof value === 'symbol') return 'is a symbol';
  if (value === null || typeof value !== 'object') return undefined;
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  if (buffer instanceof ArrayBuffer) return isDetached(buffer) ? MOVED : undefined;
  if (kindOf(buffer) === 'SharedArrayBuffer' && !canBeCopied(buffer)) return SHARED;
  if (isContainer(value) || canBeCopied(value)) return undefined;
  const kind = kindOf(value);
  if (value.locked === true) return `is a locked ${kind}`;
  return MOVABLE.has(kind) ? undefined : `is a ${kind}, which cannot be copied`;
}

// What cannot be copied, but moved.
const MOVABLE = new Set([
  'MessagePort', 'ReadableStream', 'WritableStream', 'TransformStream', 'OffscreenCanvas', 'ImageBitmap', 'VideoFrame',
  'AudioData', 'RTCDataChannel', 'MediaSourceHandle',
]);

function isDetached(buffer) {
  return buffer.detached ?? (buffer.byteLength === 0 && !canBeCopied(buffer));
}

function isContainer(value) {
  if (value === null || typeof value !== 'object') return false;
  try {
    return Array.isArray(value) || value instanceof Map || value instanceof Set || kindOf(value) === 'Object';
  } catch {
    // A proxy that lets nobody look.
    return false;
  }
}

function kindOf(value) {
  try {
    return Object.prototype.toString.call(value).slice(8, -1);
  } catch {
    return 'proxy';
  }
}

function canBeCopied(value) {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}

function parts(value, path) {
  try {
    if (value instanceof Map) {
      return [...value].flatMap(([key, item]) => [
        [key, `${path}<key>`],
        [item, typeof key === 'string' ? `${path}.get(${JSON.stringify(key)})` : `${path}<value>`],
      ]);
    }
    if (value instanceof Set) return [...value].map((item) => [item, `${path}<item>`]);
    return Object.keys(value).map((key) => [value[key], `${path}${step(value, key)}`]);
  } catch {
    // A getter that throws, which is then what kept the value from being sent.
    return [];
  }
}

function step(value, key) {
  if (Array.isArray(value)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

function shortened(path) {
  return path.length > MAX_PATH ? `…${path.slice(-MAX_PATH)}` : path;
}
