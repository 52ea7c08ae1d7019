// Which script a worker runs. A Worker does not say, and the event of one that could not be loaded does not either; so who
// makes one is watched, for as long as a task's worker function runs.

const scripts = new WeakMap();

/** Calls a function that makes workers, and gives what it returns. */
export function watchingScripts(make) {
  const own = Object.getOwnPropertyDescriptor(globalThis, 'Worker');
  if (typeof own?.value !== 'function' || !own.configurable) return make();
  const watched = new Proxy(own.value, {
    construct(target, args, newTarget) {
      // Who extends the class, or asks for it by `new.target`, gets what they would get otherwise.
      const worker = Reflect.construct(target, args, newTarget === watched ? target : newTarget);
      note(worker, args);
      return worker;
    },
  });
  Object.defineProperty(globalThis, 'Worker', { ...own, value: watched });
  try {
    return make();
  } finally {
    // What the function itself put there stays.
    if (globalThis.Worker === watched) Object.defineProperty(globalThis, 'Worker', own);
  }
}

function note(worker, [url, options]) {
  try {
    const script = new URL(String(url), globalThis.document?.baseURI ?? globalThis.location.href).href;
    scripts.set(worker, { script, isModule: options?.type === 'module' });
  } catch {
    // Then errors do without.
  }
}

/** How much of a URL is shown; one with the script itself in it can be long. */
const MAX_SHOWN = 300;

/** Why a worker could not be started, as far as its event tells: `message` is empty where it says nothing. */
export function whyNotStarted(worker, message) {
  const { script, isModule } = scripts.get(worker) ?? {};
  const shown = script && (script.length > MAX_SHOWN ? `${script.slice(0, MAX_SHOWN)}…` : script);
  const where = shown ? ` (${shown})` : '';
  if (message === '') return `the script could not be loaded${where}: ${causes(isModule)}`;
  const advice = adviceFor(message);
  return advice && `${message}${where}; ${advice}`;
}

// A browser says the same, which is nothing, for all of these.
function causes(isModule) {
  const missing = 'its URL is wrong, a Content-Security-Policy or another origin forbids it';
  return isModule === false
    ? `${missing}, or what is there is no JavaScript`
    : `${missing}, or an import in it cannot be resolved (workers have no import map: bare names need a bundler)`;
}

function adviceFor(message) {
  if (/import statement outside a module|import\.meta|Unexpected token 'export'|import declarations may only/i.test(message)) {
    return "it is a module: make it with new Worker(url, { type: 'module' })";
  }
  if (/module specifier/i.test(message)) return 'workers have no import map: give the path, or use a bundler';
  if (/importScripts/i.test(message)) return "a module worker has no importScripts: import instead, or leave out type: 'module'";
  return undefined;
}
