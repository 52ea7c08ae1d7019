// The panel's element where its name is taken already. Nothing here may import the panel before that.
import { equal, throws } from '../assert.js';

const runtime = { subscribeFrames: () => () => {} };

export async function a_foreign_element_of_the_name_is_named_when_a_panel_is_mounted() {
  customElements.define('atelier-devtools', class extends HTMLElement {});
  const { mountDevtools } = await import('/atelier/devtools.js');
  throws(() => mountDevtools(runtime), { message: 'something else in this page has defined <atelier-devtools>' });
  equal(document.querySelector('atelier-devtools'), null);
}

export async function an_older_copy_mounts_for_a_newer_one() {
  const older = class extends HTMLElement {};
  const given = [];
  older[Symbol.for('atelier.devtools')] = { version: '0.0.1', mount: (...all) => given.push(all) };
  customElements.define('atelier-devtools', older);
  const said = [];
  console.info = (text) => said.push(text);
  const { mountDevtools } = await import('/atelier/devtools.js');
  const options = {};
  mountDevtools(runtime, options);
  equal(given.length, 1);
  equal(given[0][0] === runtime && given[0][1] === options, true);
  equal(said.length === 1 && said[0].includes('version 0.0.1 of atelier'), true, said.join());
}
