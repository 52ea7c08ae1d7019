// Names that a task answers by itself on the page. Both ends need them: the page's proxy (`js/npm/task.js`), and a worker
// that has a handler of such a name, which only `task.call(name, …)` reaches.

/** What a task has besides its worker's methods. */
export const TASK_MEMBERS = ['with', 'call', 'getState', 'startWorkers', 'stopWorkers', 'dispose'];

/**
 * What engines, frameworks, test tools and inspectors ask any object for, to find out what it is or how to show it.
 * Reading such a name must not lead to a call of the worker, so it is no method.
 */
const PROBED = new Set([
  // The language: conversions, promises, and what every object has.
  'constructor', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString', 'toString', 'valueOf',
  'toJSON', 'then', 'catch', 'finally', 'prototype', 'length', 'caller', 'callee', 'arguments',
  // Inspectors and serialisers.
  'inspect', 'toBSON', 'toJS', 'toObject', 'displayName',
  // Whether it is a node of the document, a window or a listener.
  'nodeType', 'nodeName', 'tagName', 'localName', 'namespaceURI', 'ownerDocument', 'isEqualNode', 'cloneNode', 'hasAttribute',
  'hasAttributes', 'getAttribute', 'innerHTML', 'outerHTML', 'textContent', 'window', 'jquery', 'handleEvent',
  // Test tools.
  'asymmetricMatch', 'toAsymmetricMatcher', 'getMockName', 'isMockFunction', 'isSinonProxy',
  // Frameworks.
  'isReactComponent', 'propTypes', 'defaultProps', 'contextTypes', 'childContextTypes', 'getDefaultProps',
  'getDerivedStateFromProps', 'ngOnDestroy',
]);

// Private by convention (`_isVue`, `__esModule`, `__proto__`), a tool's own (`$$typeof`), a symbol's substitute
// (`@@iterator`, `fantasy-land/map`).
const PROBED_KIND = /^(_|\$\$|@@|fantasy-land\/)/;

/** Whether a name is asked for by tools, and so no method. */
export function isProbed(name) {
  return PROBED.has(name) || PROBED_KIND.test(name);
}

/** Whether `task[name]` is no method of the worker; `task.call(name, …)` calls one of that name. */
export function isReserved(name) {
  return TASK_MEMBERS.includes(name) || isProbed(name);
}
