// Recording, the page's end: the runtimes are here, wherever the panel is.

/** How often a panel is told how far a recording is, in milliseconds. */
const TELL_EVERY_MS = 500;

/**
 * Records runtimes when a panel asks for it. `tell(index, state)` hears how it stands with the runtime at an index: an object
 * with `is`: `idle`, `cannot` (with `why`), `running` (with `elapsedMs`, `bytes` and `dropped`, as far as they are known),
 * `ending`, `done` (with `file`, its `name`, `elapsedMs` and `dropped`) or `failed` (with `why`). All of it can be sent to
 * another window.
 */
export class PageRecorder {
  #runtimes = [];
  #tell;
  #running = new Map();
  /** Files that nobody has taken or dismissed yet, by their names. */
  #done = new Map();
  #timer;

  constructor(tell) {
    this.#tell = tell;
  }

  /** Takes the runtimes from now on. Recordings of those that stay go on; of the others there is a file of what they told. */
  follow(runtimes) {
    this.#runtimes = runtimes;
    for (const runtime of this.#running.keys()) if (!runtimes.includes(runtime)) this.#stop(runtime);
  }

  /** Starts or stops recording the runtime at an index. */
  record(index, on) {
    const runtime = this.#runtimes[index];
    if (!runtime) return;
    if (on) this.#start(runtime);
    else this.#stop(runtime);
  }

  /** The file of this name is not needed any more. */
  forget(name) {
    this.#done.delete(name);
  }

  /** Tells everything, for a panel that is new. */
  tellAll() {
    for (const runtime of this.#runtimes) this.#tellState(runtime);
    for (const state of this.#done.values()) this.#tell(0, state);
  }

  /** Ends what runs; nobody is there for the files. */
  end() {
    clearInterval(this.#timer);
    for (const { recording } of this.#running.values()) recording.stop().catch(() => {});
    this.#running.clear();
    this.#done.clear();
  }

  #start(runtime) {
    const now = this.#state(runtime);
    if (now.is === 'cannot') return this.#tell(0, { is: 'failed', why: `${now.why}.` });
    if (now.is !== 'idle') return this.#tellState(runtime);
    try {
      this.#running.set(runtime, { recording: runtime.record(), begun: performance.now(), at: new Date() });
    } catch (error) {
      this.#tell(0, { is: 'failed', why: `The recording did not begin: ${error?.message ?? error}` });
    }
    this.#tellState(runtime);
    clearInterval(this.#timer);
    if (this.#running.size > 0) this.#timer = setInterval(() => this.#tellRunning(), TELL_EVERY_MS);
  }

  async #stop(runtime) {
    const running = this.#running.get(runtime);
    if (!running || running.ending) return;
    running.ending = true;
    const elapsedMs = performance.now() - running.begun;
    this.#tellState(runtime);
    let state;
    try {
      const file = await running.recording.stop();
      state = { is: 'done', file, name: fileName(runtime, running.at), elapsedMs, dropped: running.recording.dropped ?? 0 };
    } catch (error) {
      state = { is: 'failed', why: `The recording failed: ${error?.message ?? error}` };
    }
    // Everything ended meanwhile, and nobody is there for the file.
    if (this.#running.get(runtime) !== running) return;
    if (state.is === 'done') this.#done.set(state.name, state);
    this.#running.delete(runtime);
    if (this.#running.size === 0) clearInterval(this.#timer);
    this.#tellState(runtime);
    this.#tell(0, state);
  }

  #tellRunning() {
    for (const runtime of this.#running.keys()) this.#tellState(runtime);
  }

  #tellState(runtime) {
    const index = this.#runtimes.indexOf(runtime);
    if (index >= 0) this.#tell(index, this.#state(runtime));
  }

  #state(runtime) {
    const running = this.#running.get(runtime);
    if (running?.ending) return { is: 'ending' };
    if (running) {
      const { bytes, dropped = 0 } = running.recording;
      return { is: 'running', elapsedMs: performance.now() - running.begun, bytes, dropped };
    }
    if (typeof runtime.record === 'function') return { is: 'idle' };
    return { is: 'cannot', why: 'This runtime cannot be recorded: it has no record(), as runtimes of createTaskRuntime() do' };
  }
}

/** Such as `atelier-2026-11-26-18-05-09.atelier`: the runtime's name, as far as file systems take it, and the local time. */
function fileName(runtime, at) {
  const name = (runtime.name ?? runtime.id ?? '').replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'atelier';
  const parts = [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()];
  return `${name}-${parts.map((part) => String(part).padStart(2, '0')).join('-')}.atelier`;
}
