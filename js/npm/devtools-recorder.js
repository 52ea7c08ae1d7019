// Recording, the page's end: the runtimes are here, wherever the panel is.

/** How often a panel is told how far a recording is, in milliseconds. */
const TELL_EVERY_MS = 500;

/**
 * Records runtimes when a panel asks for it. `tell(place, state)` hears how it stands with the runtime at a place: an object
 * with `is`: `idle`, `cannot` (with `why`), `running` (with `elapsedMs`, `bytes` and `dropped`, as far as they are known),
 * `ending`, `done` (with `file`, its `name`, `elapsedMs` and `dropped`) or `failed` (with `why`). All of it can be sent to
 * another window.
 */
export class PageRecorder {
  #runtimes;
  #tell;
  /** By the runtime's place. */
  #running = new Map();
  /** Files that nobody has taken or dismissed yet, by their names. */
  #done = new Map();
  #timer;

  constructor(runtimes, tell) {
    this.#runtimes = runtimes;
    this.#tell = tell;
  }

  /** Starts or stops recording the runtime at a place. */
  record(place, on) {
    if (on) this.#start(place);
    else this.#stop(place);
  }

  /** The file of this name is not needed any more. */
  forget(name) {
    this.#done.delete(name);
  }

  /** Tells everything, for a panel that is new. */
  tellAll() {
    this.#runtimes.forEach((runtime, place) => this.#tell(place, this.#state(place)));
    for (const { place, state } of this.#done.values()) this.#tell(place, state);
  }

  /** Ends what runs; nobody is there for the files. */
  end() {
    clearInterval(this.#timer);
    for (const { recording } of this.#running.values()) recording.stop().catch(() => {});
    this.#running.clear();
    this.#done.clear();
  }

  #start(place) {
    const runtime = this.#runtimes[place];
    const now = this.#state(place);
    if (now.is === 'cannot') return this.#tell(place, { is: 'failed', why: `${now.why}.` });
    if (now.is !== 'idle') return this.#tell(place, now);
    try {
      this.#running.set(place, { recording: runtime.record(), begun: performance.now(), at: new Date() });
    } catch (error) {
      this.#tell(place, { is: 'failed', why: `The recording did not begin: ${error?.message ?? error}` });
    }
    this.#tell(place, this.#state(place));
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#tellRunning(), TELL_EVERY_MS);
  }

  async #stop(place) {
    const running = this.#running.get(place);
    if (!running || running.ending) return;
    running.ending = true;
    const elapsedMs = performance.now() - running.begun;
    this.#tell(place, this.#state(place));
    let state;
    try {
      const file = await running.recording.stop();
      state = { is: 'done', file, name: nameOf(this.#runtimes[place], running.at), elapsedMs, dropped: running.recording.dropped ?? 0 };
      this.#done.set(state.name, { place, state });
    } catch (error) {
      state = { is: 'failed', why: `The recording failed: ${error?.message ?? error}` };
    }
    this.#running.delete(place);
    if (this.#running.size === 0) clearInterval(this.#timer);
    this.#tell(place, this.#state(place));
    this.#tell(place, state);
  }

  #tellRunning() {
    for (const place of this.#running.keys()) this.#tell(place, this.#state(place));
  }

  #state(place) {
    const running = this.#running.get(place);
    if (running?.ending) return { is: 'ending' };
    if (running) {
      const { bytes, dropped = 0 } = running.recording;
      return { is: 'running', elapsedMs: performance.now() - running.begun, bytes, dropped };
    }
    if (typeof this.#runtimes[place]?.record === 'function') return { is: 'idle' };
    return { is: 'cannot', why: 'This runtime cannot be recorded: it has no record(), as runtimes of createTaskRuntime() do' };
  }
}

/** Such as `atelier-2026-11-26-18-05-09.atelier`: the runtime's name, as far as file systems take it, and the local time. */
function nameOf(runtime, at) {
  const name = (runtime.name ?? runtime.id ?? '').replace(/[^\p{L}\p{N}_-]+/gu, '-').replace(/^-+|-+$/g, '').slice(0, 40) || 'atelier';
  const parts = [at.getFullYear(), at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()];
  return `${name}-${parts.map((part) => String(part).padStart(2, '0')).join('-')}.atelier`;
}
