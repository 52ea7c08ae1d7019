// The panel in a window of its own: this module runs there, gets frames from the page, and draws.

import { PanelFiles } from './devtools-files.js';
import { fillPage } from './devtools-frame.js';
import { loadPanel } from './devtools-load.js';
import { checkHotkey } from './devtools-options.js';
import { showMessage } from './devtools-shell.js';

function begin(name) {
  const self = String(Math.random()).slice(2);
  const channel = new BroadcastChannel(name);
  const { host, content } = fillPage();
  let page;
  let panel;
  let isHotkey;
  // Frames wait for the panel that is to take them; there is never more than one of a runtime.
  let ready = Promise.resolve();

  // Files that are open here: a page that was loaded again knows of none.
  let open = [];

  const say = (kind, more = {}) => channel.postMessage({ from: 'window', window: self, page, kind, ...more });
  const discard = () => {
    const old = panel;
    panel = undefined;
    files.attach(undefined);
    old?.dispose();
    old?.free();
  };
  const tell = (title, detail) => {
    guard(discard);
    showMessage(content, title, detail);
  };
  const fail = (reason) => {
    panel = undefined;
    files.attach(undefined);
    // One of them may be what it failed of.
    say('opened', { files: [] });
    say('bye');
    channel.close();
    showMessage(content, 'The panel failed. The app goes on.', `${reason}\nClose this window and open the panel again.`);
  };
  const guard = (act) => {
    try {
      act();
    } catch (error) {
      fail(error?.stack ?? String(error));
    }
  };
  const files = new PanelFiles(content, guard, {
    record: (place, on) => say('record', { place, on }),
    forget: (name) => say('forget', { name }),
    opened: (files) => {
      open = files;
      say('opened', { files });
    },
  });
  const apply = (key, value) => {
    if (key === 'theme') host.setAttribute('theme', value);
    if (key === 'hotkey') isHotkey = checkHotkey(value);
  };
  const welcome = async ({ page: from, runtimes, settings, opened }) => {
    page = from;
    let module;
    try {
      module = await loadPanel();
    } catch (error) {
      return fail(`It could not be loaded: ${error?.message ?? error}`);
    }
    if (page !== from) return;
    document.title = `Atelier devtools: ${runtimes.join(', ')}`;
    guard(() => {
      discard();
      content.replaceChildren();
      for (const [key, value] of Object.entries(settings)) apply(key, value);
      panel = new module.Panel(content, {
        ...settings,
        runtimes,
        onSetting: (key, value) => {
          apply(key, value);
          say('setting', { name: key, value });
        },
        onEvents: (wanted) => say('events', { wanted }),
        onClose: () => say('close'),
        onPanic: fail,
        ...files.options(),
      });
      files.attach(panel, opened.length > 0 ? opened : open);
    });
  };
  const heard = {
    here: ({ page: from }) => {
      page = from;
      say('hello');
    },
    welcome: (message) => { ready = welcome(message); },
    frame: async ({ place, frame, number }) => {
      await ready;
      guard(() => panel?.push(place, frame));
      say('taken', { number });
    },
    recorder: async ({ place, state }) => {
      await ready;
      files.recorder(place, state);
    },
    longTask: ({ start, duration }) => guard(() => panel?.pushLongTask(start, duration)),
    setting: ({ name: key, value }) => guard(() => {
      apply(key, value);
      panel?.set(key, value);
    }),
    bye: ({ closed }) => {
      if (closed) {
        channel.close();
        tell('The panel was closed.', 'This window can be closed.');
        window.close();
      } else {
        tell('The page is gone, or is being loaded again.', 'The panel goes on as soon as the page is back with its devtools mounted.');
      }
    },
  };
  channel.onmessage = ({ data }) => {
    if (data?.from !== 'page') return;
    const toUs = data.window === undefined || data.window === self;
    if (data.kind === 'here' || (toUs && (page === undefined || data.page === page || data.kind === 'welcome'))) heard[data.kind]?.(data);
  };
  addEventListener('pagehide', () => say('bye'));
  addEventListener('keydown', (event) => {
    if (isHotkey?.(event)) say('close');
  });
  showMessage(content, 'Waiting for the page…');
  say('hello');
}

begin(document.querySelector('meta[name="atelier-devtools-window"]').content);
