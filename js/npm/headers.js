// Headers as a page gives them to `exportOtlp`: an object, pairs, `Headers`, or a function that returns one of them.

/**
 * Headers as names and values in turn, or a sentence that says what is wrong with them. It shows no value: that may be a
 * secret. Never throws.
 */
export function headerList(given) {
  try {
    if (given === null || typeof given !== 'object') return `an object of names and values is wanted, not ${kindOf(given)}`;
    if (typeof given.then === 'function') return 'a promise is no headers; give a function that returns it';
    const iterates = Array.isArray(given) || (typeof Headers === 'function' && given instanceof Headers);
    // A map or a date has no names of its own, and would be no headers at all.
    if (!iterates && Object.prototype.toString.call(given) !== '[object Object]') {
      return `an object of names and values is wanted, not ${kindOf(given)}`;
    }
    const list = [];
    for (const pair of iterates ? given : Object.entries(given)) {
      if (!Array.isArray(pair) || pair.length !== 2) return 'a list of headers takes pairs of a name and a value';
      const [name, value] = pair;
      if (typeof name !== 'string') return 'a header has a name that is no string';
      if (typeof value !== 'string') return `the value of '${name}' is no string`;
      list.push(name, value);
    }
    return list;
  } catch {
    return 'the object threw when it was read';
  }
}

/** What a function answers, as `headerList` has it, or a promise of that. What it throws is not repeated. Never throws. */
export function askedHeaders(ask) {
  try {
    const answer = ask();
    if (typeof answer?.then !== 'function') return headerList(answer);
    return Promise.resolve(answer).then(headerList, () => 'the function rejected (why is not shown: it may hold a secret)');
  } catch {
    return 'the function threw (what is not shown: it may hold a secret)';
  }
}

function kindOf(value) {
  if (value === null) return 'null';
  return typeof value === 'object' ? Object.prototype.toString.call(value).slice(8, -1) : typeof value;
}
