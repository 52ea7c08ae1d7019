const handlers = { echo: (value) => value };

onmessage = async ({ data: [id, method, args] }) => {
  try {
    let value = handlers[method](...args);
    if (typeof value?.then === 'function') value = await value;
    postMessage([id, false, value], value instanceof ArrayBuffer ? [value] : []);
  } catch (error) {
    postMessage([id, true, error]);
  }
};
