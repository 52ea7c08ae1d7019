// One cell of the benchmark with one contender, in a page of its own. The runner awaits `ready`, reads the browser's
// metrics, awaits `run()`, reads them again, and likewise for `finish()`: nothing else happens in between.
import { cells } from './cells.js';

const parameters = new URLSearchParams(location.search);
const cell = cells[parameters.get('cell')];
const contender = parameters.get('contender');
const calls = Number(parameters.get('calls'));

async function prepare() {
  const { open } = await import(`./${parameters.get('module')}.js`);
  const opened = await open(cell.pool, contender);
  // Workers start, code gets hot, and what is made once is made.
  await cell.run(opened, cell.warmUp);
  // What is left over of that is not to be the measured calls'.
  await opened.finish?.();
  return opened;
}

const prepared = prepare();

globalThis.ready = prepared.then(() => true);

globalThis.run = async () => {
  const opened = await prepared;
  const begun = performance.now();
  await cell.run(opened, calls);
  return performance.now() - begun;
};

globalThis.finish = async () => {
  await (await prepared).finish?.();
  return true;
};
