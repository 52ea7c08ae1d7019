// A page with a panel, for scenarios that press what is in it and open its window.
import { bench } from './atelier.js';
import { createTaskRuntime } from '/atelier/index.js';
import { mountDevtools } from '/atelier/devtools.js';

/** Mounts a panel on a runtime with one task, `t`; `page.streams` says how many of its streams are read. */
export function mount(options) {
  const runtime = createTaskRuntime({ observability: { spans: 'on', metrics: 'on' } });
  const page = { runtime, streams: 0, task: bench({ taskId: 't' }, runtime) };
  const watched = {
    name: 'the page',
    subscribeFrames(listener, how) {
      page.streams += 1;
      const end = runtime.subscribeFrames(listener, how);
      return () => {
        page.streams -= 1;
        end();
      };
    },
  };
  page.panel = mountDevtools(watched, options);
  page.element = document.querySelector('atelier-devtools');
  page.root = page.element.shadowRoot;
  globalThis.page = page;
  return true;
}
