// What a redaction leaves alone is sent as it was.
import { redact } from '/atelier/redact.js';
import { exportOtlp } from '/atelier/otlp.js';
import { bench, observed } from '../atelier.js';
import { deepEqual, equal, ok } from '../assert.js';
import { reset } from '../collector.js';

const IDENTITIES = [
  (attributes) => attributes,
  (attributes) => ({ ...attributes }),
  (attributes) => Object.fromEntries(Object.entries(attributes)),
  (attributes) => structuredClone(attributes),
  (attributes) => new Proxy(attributes, {}),
];

const LIST = [
  'text', 'a', 'empty', '', 'yes', true, 'no', false, 'one', 1, 'safe', Number.MAX_SAFE_INTEGER, 'beyond', 2 ** 60,
  'zero', -0, 'half', 0.5, 'none', [], 'several', ['a', ''], '__proto__', 'own', 'constructor', 'c', '7', 'seven',
];

export function an_identity_changes_nothing() {
  for (const hook of IDENTITIES) {
    const answer = redact(hook, 'span', LIST);
    const [names, places] = [0, 1].map((of) => answer.filter((_, at) => at % 3 === of));
    deepEqual(names, LIST.filter((_, at) => at % 2 === 0), 'in their order');
    deepEqual(places, names.map((_, at) => at), `each is what it was: ${hook}`);
  }
}

export function what_is_changed_says_so() {
  const changes = {
    text: 'b', yes: false, one: 2, zero: 0, none: ['new'], several: ['a'], new: 'there',
  };
  const answer = redact((attributes) => Object.assign(attributes, changes), 'span', LIST);
  const places = Object.fromEntries(Array.from({ length: answer.length / 3 }, (_, at) => answer.slice(3 * at, 3 * at + 2)));
  for (const name of ['text', 'yes', 'one', 'zero', 'none', 'several', 'new']) equal(places[name], -1, name);
  for (const name of ['empty', 'no', 'safe', 'beyond', 'half']) ok(places[name] >= 0, name);
  const grown = redact((attributes) => (attributes.several.push('in place'), attributes), 'span', LIST);
  deepEqual(grown.slice(grown.indexOf('several') + 1, grown.indexOf('several') + 3), [-1, ['a', '', 'in place']]);
  deepEqual(redact(() => JSON.parse('{"__proto__":"mine"}'), 'span', []), ['__proto__', -1, 'mine']);
}

export async function it_leaves_the_page_as_it_was_measured() {
  const resource = {
    'x.safe': Number.MAX_SAFE_INTEGER, 'x.least': Number.MIN_SAFE_INTEGER, 'x.beyond': 2 ** 60, 'x.half': -0.5, 'x.whole': 3,
    'x.empty': '', 'x.no': false, 'x.list': ['a'], ...JSON.parse('{"x.last":"last"}'),
  };
  const said = [];
  for (const hook of [undefined, ...IDENTITIES]) {
    const { runtime } = observed();
    const exporter = exportOtlp(runtime, { resource, redact: hook, signals: ['traces'] });
    await bench({ taskId: 't' }, runtime).with({ trace: runtime.createTrace('__proto__') }).add(1, 1);
    await exporter.flush();
    await exporter.shutdown();
    const text = await (await fetch('/api/received')).text();
    said.push(Object.keys(resource).map((name) => text.match(new RegExp(`"${name}":\\s*([^,}]+)`))[1].trim()));
    await reset();
  }
  for (const each of said) deepEqual(each, said[0]);
  deepEqual(said[0].slice(0, 2), ['9007199254740991', '-9007199254740991'], 'integers');
}
