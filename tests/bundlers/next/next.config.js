// Tools and the package are in the folder above.
export default { devIndicators: false, turbopack: { root: new URL('..', import.meta.url).pathname } };
