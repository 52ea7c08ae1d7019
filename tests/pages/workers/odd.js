// Handlers with unusual names, errors and results. They are methods of a class, as many people's are.
import { createTaskWorker, expose } from '/atelier/worker.js';

const circular = new Error('it goes round');
circular.cause = { error: circular, f: () => {} };

class Handlers {
  prefix = 'own';
  #secret = 42;

  usesThis = () => this.prefix;
  secret() {
    return this.#secret;
  }
  arity(...args) {
    return args.slice(0, -1).map((value) => (value === undefined ? 'undefined' : value));
  }
  length0(context) {
    return Object.keys(context ?? {}).length > 0;
  }
  constructorCount() {
    return 1;
  }
  notAFunction = 5;

  throwUndefined() {
    throw undefined;
  }
  throwNull() {
    throw null;
  }
  throwSymbol() {
    throw Symbol('odd');
  }
  throwFunction() {
    throw () => {};
  }
  throwDomException() {
    throw new DOMException('the file is gone', 'NotFoundError');
  }
  throwTimeoutError() {
    throw new DOMException('too slow', 'TimeoutError');
  }
  throwCircular() {
    throw circular;
  }
  throwUnclonableObject() {
    throw { name: 'Odd', message: 'not an error', f: () => {} };
  }
  throwTrap() {
    throw new Proxy(new Error('inside'), {
      get() {
        throw new Error('no getter answers');
      },
      getPrototypeOf() {
        throw new Error('no prototype either');
      },
    });
  }
  throwGetter() {
    const error = new Error('seen');
    Object.defineProperty(error, 'message', {
      get() {
        throw new Error('the getter threw');
      },
    });
    throw error;
  }
  throwOddFields() {
    const error = new Error('kept');
    error.name = { not: 'a string' };
    error.stack = 7;
    throw error;
  }
  throwFrozen() {
    throw Object.freeze(new TypeError('cold'));
  }
  throwSubclass() {
    throw new (class PaymentError extends RangeError {
      name = 'PaymentError';
    })('too little');
  }
  throwAggregate() {
    throw new AggregateError([new Error('one'), new Error('two')], 'both');
  }
  async rejectLate() {
    await null;
    throw new SyntaxError('late');
  }
  rejectUndefined() {
    return Promise.reject();
  }
  abortsItself() {
    throw new DOMException('my own', 'AbortError');
  }

  returnSymbol() {
    return Symbol('odd');
  }
  returnUndefined() {}
  returnNull() {
    return null;
  }
  returnThenable() {
    return { then: (pass) => pass('thenable') };
  }
  returnBadThenable() {
    return {
      get then() {
        throw new RangeError('a bad thenable');
      },
    };
  }
  async returnPort() {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => port1.postMessage(`heard ${data}`);
    return { port: port2 };
  }
  async returnStream() {
    return new ReadableStream({
      start(controller) {
        controller.enqueue('first');
        controller.close();
      },
    });
  }
  returnDetached() {
    const buffer = new ArrayBuffer(8);
    structuredClone(buffer, { transfer: [buffer] });
    return buffer;
  }
  returnLockedStream() {
    const stream = new ReadableStream();
    stream.getReader();
    return stream;
  }
  returnThrowingGetter() {
    return {
      get value() {
        throw new RangeError('the result has a bad getter');
      },
    };
  }
  returnRevoked() {
    const { proxy, revoke } = Proxy.revocable([], {});
    revoke();
    return [proxy];
  }
  async promiseRevoked() {
    return this.returnRevoked();
  }
  async promiseThrowingGetter() {
    return this.returnThrowingGetter();
  }
  same(buffer) {
    return [buffer, { again: buffer }];
  }
  kept() {
    this.buffer ??= new Uint8Array([1, 2, 3]);
    return this.buffer;
  }
  keptLength() {
    return this.buffer.length;
  }
  aborted(context) {
    return { aborted: context.signal.aborted, kind: context.signal instanceof AbortSignal, id: typeof context.callId };
  }
  keyIsThere(context) {
    return { key: context.key, traceparent: context.traceparent };
  }
  toString() {
    return 'my own toString';
  }
  ['with spaces and ünïcode']() {
    return 'found';
  }
  ['']() {
    return 'nameless';
  }
}

expose(createTaskWorker(new Handlers()));
