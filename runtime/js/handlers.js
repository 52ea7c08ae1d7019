// Handlers in JavaScript: how a call finds its handler, and how the handler finds its context.

import { contextNow, isServing, methodNotFound, serveCalls } from './harness.js';
import { NATIVE, shapeOf } from './parameters.js';
import { warn } from './report.js';
import { isReserved } from './task-names.js';
import { answerWhenUnexposed } from './unexposed.js';

// Handlers may come through one copy of this module, and `expose` through another.
const HANDLERS = Symbol.for('atelier.handlers');

/** How long `expose` may keep waiting, in milliseconds, where nobody else has begun to listen for messages. */
const PATIENCE = 800;

/**
 * Makes handlers ready for `expose`.
 * @param {Record<string, (...args: any[]) => any>} handlers
 */
export function createTaskWorker(handlers) {
  if (handlers === null || typeof handlers !== 'object') {
    throw new TypeError('createTaskWorker takes an object of functions, such as { double: (n) => 2 * n }');
  }
  const worker = { [HANDLERS]: { call: callsOf(handlers), hidden: namesOf(handlers).filter(isHidden) } };
  offer(worker);
  return worker;
}

const isDedicatedWorker = globalThis.DedicatedWorkerGlobalScope && globalThis instanceof DedicatedWorkerGlobalScope;

// Handlers that are on their way.
let isPromised = false;

if (isDedicatedWorker) answerWhenUnexposed(() => isServing() || isPromised || offered !== undefined);

/**
 * Answers the page's calls with these handlers.
 * @param worker what `createTaskWorker` returned, or a promise of it
 */
export function expose(worker) {
  if (typeof worker?.then === 'function') {
    isPromised = true;
    // Thrown in a turn of its own, so that it ends the worker.
    Promise.resolve(worker).then(expose).catch((error) => (isServing() ? report(error) : setTimeout(() => { throw error; })));
    return;
  }
  if (!worker?.[HANDLERS]) throw new TypeError('expose takes what createTaskWorker returned, or a promise of it');
  // It was exposed for want of this call, which came late.
  if (worker === exposedByItself) {
    exposedByItself = undefined;
    return;
  }
  begin(worker);
}

function begin(worker) {
  const { call, hidden } = worker[HANDLERS];
  serveCalls(call, hidden);
}

let offered;
let exposedByItself;

// `expose` of comlink knows nothing of this protocol, so handlers given to it have to expose themselves: it has begun to listen
// for messages by the next turn, which nobody else does between `createTaskWorker` and our own `expose`. Who forgot `expose`
// is served, too, but late: a script may still be loading what its handlers need.
function offer(worker) {
  // Handlers that are exposed by a promise are so when it resolves.
  if (!isDedicatedWorker || isServing() || isPromised) return;
  const isFirst = offered === undefined;
  offered = worker;
  if (!isFirst) return;
  let othersListen = false;
  const before = Object.getOwnPropertyDescriptor(globalThis, 'addEventListener');
  const { addEventListener } = globalThis;
  const watching = (kind, ...rest) => {
    othersListen ||= kind === 'message';
    return addEventListener.call(globalThis, kind, ...rest);
  };
  Object.defineProperty(globalThis, 'addEventListener', { value: watching, configurable: true, writable: true });
  setTimeout(() => {
    if (globalThis.addEventListener === watching) {
      delete globalThis.addEventListener;
      if (before) Object.defineProperty(globalThis, 'addEventListener', before);
    }
    if (othersListen) exposeByItself();
    else setTimeout(exposeByItself, PATIENCE, true);
  });
}

function exposeByItself(isForgotten) {
  if (isServing()) return;
  if (isForgotten) {
    warn('Atelier: nobody has exposed what createTaskWorker returned, so it is now; write expose(createTaskWorker(…))');
  }
  exposedByItself = offered;
  begin(offered);
}

// Whether a task answers this name by itself although it looks like a handler's. What begins with an underscore, and what every
// object has, is there for others than the page.
function isHidden(name) {
  return isReserved(name) && !name.startsWith('_') && !(name in Object.prototype) && name !== 'toJSON';
}

// Every name that may lead to a handler.
function namesOf(handlers) {
  const names = new Set();
  try {
    for (let each = handlers; each && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
        if (typeof value === 'function' && name !== 'constructor') names.add(name);
      }
    }
  } catch {
    // A proxy that lets nobody look.
  }
  return [...names];
}

/** The function for `serveCalls` that finds a call's handler and calls it. */
function callsOf(handlers) {
  const known = new Map(); // what is known of handlers, by method
  const lends = lendContext(handlers);
  const isSafe = lends && survivesProxy(handlers);
  return (method, call) => {
    const handler = handlers[method];
    let seen = known.get(method);
    if (seen?.handler !== handler || seen === undefined) {
      // What every object has is no handler, nor is the class of one that has a class.
      const inherited = method === 'constructor' || handler === Object.prototype[method];
      if (typeof handler !== 'function' || inherited) throw methodNotFound(method);
      const shape = shapeOf(handler);
      seen = { handler, shape, getsView: shape.usesThis && isSafe && !mentionsItself(handler) };
      known.set(method, seen);
    }
    const { args } = call;
    const { least, end } = seen.shape;
    // Only who sees a context gets one: most handlers do not, and it costs more than they do.
    if (Math.max(args.length, least) < end) {
      while (args.length < least) args.push(undefined);
      args.push(call.context);
    }
    return Reflect.apply(handler, seen.getsView ? new Proxy(handlers, new View(call)) : handlers, args);
  };
}

/**
 * Handlers as one call sees them: with its own context. Everything else is theirs, and what is set there is set on them.
 */
class View {
  #call;

  constructor(call) {
    this.#call = call;
  }

  get(handlers, name, view) {
    return name === 'context' && isLent(handlers) ? this.#call.context : Reflect.get(handlers, name, view);
  }
}

// Functions that are bound to the handlers, and arrow functions in a class, know no other `this`: the handlers themselves have
// the context of whoever asks, as far as that is known. A `context` of their own is theirs.
function lendContext(handlers) {
  try {
    if ('context' in handlers) return false;
    Object.defineProperty(handlers, 'context', {
      get: contextNow,
      set(value) {
        Object.defineProperty(this, 'context', { value, enumerable: true, configurable: true, writable: true });
      },
      configurable: true,
    });
  } catch {
    // They are frozen: then only views have a context.
  }
  return true;
}

function isLent(handlers) {
  const own = Object.getOwnPropertyDescriptor(handlers, 'context');
  return own ? own.get === contextNow : !('context' in handlers);
}

// A proxy has none of its target's private fields, and is not the same object. So an instance of a class is called with a view
// only where the class's text shows that it has none and never hands itself to anybody (as bundlers do that turn private
// fields into weak maps).
function survivesProxy(handlers) {
  try {
    let each = Object.getPrototypeOf(handlers);
    for (; each !== null && each !== Object.prototype; each = Object.getPrototypeOf(each)) {
      const text = Function.prototype.toString.call(each.constructor);
      if (NATIVE.test(text) || text.includes('#') || BARE_THIS.test(text)) return false;
    }
    return true;
  } catch {
    // A proxy that lets nobody look, or a prototype without a class.
    return false;
  }
}

const BARE_THIS = /\bthis\b(?!\s*(?:\?\.|\.|\[))/;

function mentionsItself(handler) {
  return BARE_THIS.test(Function.prototype.toString.call(handler));
}
