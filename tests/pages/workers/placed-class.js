// Handlers that are an instance of a class with private fields, and know their context by `this`.
import { createTaskWorker, expose } from '/atelier/worker.js';

class Base {
  inherited(n, factor = 2) {
    return [n * factor, typeof this.context.callId];
  }
}

class Handlers extends Base {
  #secret = 42;
  prefix = 'own';
  fields = (n) => [this.prefix, n, typeof this.context.callId];

  secret() {
    return [this.#secret, this.context.callId.length > 0];
  }
  async late() {
    await null;
    return [this.#secret, this.context.callId];
  }
  async kept(n, ctx) {
    const { callId } = this.context;
    await null;
    return [n, callId === ctx.callId];
  }
  own() {
    this.context = 'my own';
    return this.context;
  }
}

expose(createTaskWorker(new Handlers()));
