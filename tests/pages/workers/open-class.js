// Handlers that are an instance of a class without secrets: each call sees its own context by `this`.
import { createTaskWorker, expose } from '/atelier/worker.js';

class Handlers {
  calls = 0;
  async late(n) {
    this.calls += 1;
    await new Promise((pass) => setTimeout(pass));
    return [n, this.context.callId, this.plus(n)];
  }
  plus(n) {
    return n + 1;
  }
  made() {
    return this.calls;
  }
}

expose(createTaskWorker(new Handlers()));
