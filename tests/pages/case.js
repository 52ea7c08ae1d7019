// Runs one case: an exported function of a module in tests/pages/cases. The harness awaits `caseReport`.
import { takeExpectation, unmetExpectations } from './assert.js';

const parameters = new URLSearchParams(location.search);
const uncaught = [];

function note(kind, error) {
  if (!takeExpectation(error)) uncaught.push(`${kind}: ${describe(error)}`);
}

addEventListener('error', (event) => note('uncaught error', event.error ?? event.message));
addEventListener('unhandledrejection', (event) => note('unhandled rejection', event.reason));

function describe(error) {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? '';
  const headline = `${error.name}: ${error.message}`;
  return stack.includes(error.message) ? stack : `${headline}\n${stack}`;
}

// An unhandled rejection is told only after the turn in which it happened.
const turn = () => new Promise((resolve) => setTimeout(resolve));

async function run(moduleName, caseName) {
  const problems = [];
  try {
    const module = await import(`/tests/cases/${moduleName}.js`);
    await module[caseName]();
  } catch (error) {
    problems.push(describe(error));
  }
  await turn();
  await turn();
  problems.push(...uncaught, ...unmetExpectations());
  return { ok: problems.length === 0, error: problems.join('\n') };
}

if (parameters.has('case')) {
  globalThis.caseReport = run(parameters.get('module'), parameters.get('case'));
}
