// A classic worker: it has no static imports, so the handlers come a little after the first message.
import('/atelier/worker.js').then(({ createTaskWorker, expose }) => {
  expose(createTaskWorker({ echo: (value) => value, module: () => typeof importScripts === 'function' }));
});
