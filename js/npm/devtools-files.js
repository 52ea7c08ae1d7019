// Recordings' files, the panel's end: they are opened, dropped, saved and converted where the panel is.

/** A longer file is not opened: it would have to be in memory as a whole. */
const MAX_BYTES = 256 * 1024 * 1024;
/** How long the browser has to begin a download before the file is let go of. */
const DOWNLOAD_MS = 60_000;

/**
 * What a panel needs for files. `content` is the element that it is drawn into; `guard(act)` runs what may fail in the
 * panel; `on.record(place, on)` hears that a runtime is to be recorded, `on.forget(name)` that a recorded file is not needed
 * any more, `on.opened(files)` which files are open now, as `{ name, blob }`.
 */
export class PanelFiles {
  #guard;
  #on;
  #panel;
  /** By their numbers: `{ name, blob, recorded, opened }`. */
  #files = new Map();
  #last = 0;
  #depth = 0;

  constructor(content, guard, on = {}) {
    this.#guard = guard;
    this.#on = on;
    content.addEventListener('dragenter', (event) => this.#drag(event, this.#depth + 1));
    content.addEventListener('dragover', (event) => this.#drag(event, Math.max(this.#depth, 1)));
    content.addEventListener('dragleave', (event) => this.#drag(event, Math.max(this.#depth - 1, 0)));
    content.addEventListener('drop', (event) => this.#drop(event));
  }

  /** The callbacks that a panel is made with. */
  options() {
    return {
      onRecord: (place, on) => this.#on.record?.(place, on),
      onFiles: (files) => this.open(files),
      onFile: (what, number) => this.#file(what, number),
    };
  }

  /**
   * The panel from now on, and the files to be open in it: those of the panel that it follows. Without a panel, what
   * belonged to the last is let go of.
   */
  attach(panel, opened = []) {
    this.#panel = panel;
    this.#depth = 0;
    if (panel) this.open(opened);
    else this.#files.clear();
  }

  /** Takes what a PageRecorder tells. */
  recorder(place, { file, ...state }) {
    if (!this.#panel) return;
    if (state.is === 'failed') return this.#tell(state.why);
    if (state.is !== 'done') return this.#guard(() => this.#panel?.setRecorder(place, state));
    const size = file.size < 1e6 ? `${(file.size / 1e3).toFixed(0)} kB` : `${(file.size / 1e6).toFixed(1)} MB`;
    const lost = state.dropped > 0 ? `, without ${state.dropped} facts that were too many for it` : '';
    const text = `Recorded ${state.name}: ${(state.elapsedMs / 1e3).toFixed(1)} s, ${size}${lost}`;
    const number = this.#keep(state.name, file, true);
    this.#guard(() => this.#panel?.recorded(number, text));
  }

  /** Opens files (or `{ name, blob }`), one after the other; what is wrong with one is told in the panel. */
  async open(files) {
    for (const file of files) await this.#open(file.name, file.blob ?? file);
  }

  async #open(name, blob) {
    const panel = this.#panel;
    if (blob.size > MAX_BYTES) {
      return this.#tell(`${name} cannot be opened: it has ${Math.ceil(blob.size / 1e6)} MB, and ${Math.floor(MAX_BYTES / 1e6)} MB are the most that is opened here; convert it instead (docs/recording.md).`);
    }
    let bytes;
    try {
      bytes = new Uint8Array(await blob.arrayBuffer());
    } catch (error) {
      return this.#tell(`${name} cannot be read: ${error?.message ?? error}`);
    }
    if (!panel || this.#panel !== panel) return;
    const number = this.#keep(name, blob);
    this.#guard(() => {
      if (!panel.openRecording(number, name, bytes)) this.#files.delete(number);
      else this.#files.get(number).opened = true;
    });
    this.#tellOpened();
  }

  #file(what, number) {
    const file = this.#files.get(number);
    if (!file) return;
    const { name, blob } = file;
    if (what === 'save') download(name, blob);
    if (what === 'open') this.#open(name, blob);
    if (what === 'perfetto') this.#convert(name, blob);
    if (what === 'forget') {
      this.#files.delete(number);
      if (file.recorded) this.#on.forget?.(name);
      if (file.opened) this.#tellOpened();
    }
  }

  #tellOpened() {
    const opened = [...this.#files.values()].filter((file) => file.opened);
    this.#on.opened?.(opened.map(({ name, blob }) => ({ name, blob })));
  }

  async #convert(name, blob) {
    try {
      const { convertRecording } = await import('./recording.js');
      const { file, cut, unknown } = await convertRecording(blob, 'perfetto');
      const saved = `${name.replace(/\.atelier$/, '')}.perfetto.json`;
      download(saved, file);
      const notes = [cut && 'what came before the cut is in it', unknown > 0 && `${unknown} items of a newer version are not in it`].filter(Boolean);
      this.#tell(`Saved as ${saved}${notes.length > 0 ? `; ${notes.join(', ')}` : ''}. Open it at ui.perfetto.dev.`);
    } catch (error) {
      this.#tell(`${name} could not be converted: ${error?.message ?? error}`);
    }
  }

  #keep(name, blob, recorded = false) {
    this.#last += 1;
    this.#files.set(this.#last, { name, blob, recorded, opened: false });
    return this.#last;
  }

  #tell(text) {
    this.#guard(() => this.#panel?.tell(text));
  }

  /** Leaving one element for another within the panel is an entering and a leaving, in this order. */
  #drag(event, depth) {
    if (!this.#panel || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
    this.#depth = depth;
    this.#guard(() => this.#panel.setDropping(depth > 0));
  }

  #drop(event) {
    this.#depth = 0;
    if (!this.#panel || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    this.#guard(() => this.#panel.setDropping(false));
    this.open([...event.dataTransfer.files]);
  }
}

/** Has the browser save a file. */
function download(name, blob) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), DOWNLOAD_MS);
}
