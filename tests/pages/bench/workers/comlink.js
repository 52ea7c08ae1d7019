import { expose, transfer } from '/comlink/comlink.mjs';

expose({ echo: (value) => (value instanceof ArrayBuffer ? transfer(value, [value]) : value) });
