// The panel alone in a page, devtools.html: for recordings, without an app.

import { PanelFiles } from './devtools-files.js';
import { fillPage } from './devtools-frame.js';
import { loadPanel } from './devtools-load.js';
import { keepSetting, readSettings } from './devtools-settings.js';
import { showMessage } from './devtools-shell.js';
import { report } from './report.js';

const STORAGE_KEY = 'atelier-devtools';

async function begin() {
  const { host, content } = fillPage();
  let panel;
  const fail = (reason) => {
    panel = undefined;
    files.attach(undefined);
    report('Atelier devtools: the panel failed.', reason);
    showMessage(content, 'The panel failed', `${reason}\nLoad this page again to go on.`);
  };
  const guard = (act) => {
    try {
      act();
    } catch (error) {
      fail(error?.stack ?? String(error));
    }
  };
  const files = new PanelFiles(content, guard);
  showMessage(content, 'Loading the panel…');
  let module;
  try {
    module = await loadPanel();
  } catch (error) {
    return showMessage(content, 'The panel could not be loaded', `${error?.message ?? error}\nLoad this page again to try once more.`);
  }
  content.replaceChildren();
  const apply = (name, value) => {
    if (name === 'theme') host.setAttribute('theme', value);
  };
  const { theme = 'system', tab } = readSettings(STORAGE_KEY);
  apply('theme', theme);
  guard(() => {
    panel = new module.Panel(content, {
      theme,
      tab,
      hotkey: '',
      dock: 'inline',
      docks: [],
      runtimes: [],
      onSetting: (name, value) => {
        apply(name, value);
        keepSetting(STORAGE_KEY, name, value);
      },
      onPanic: fail,
      ...files.options(),
    });
    files.attach(panel);
  });
}

begin();
