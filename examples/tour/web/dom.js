// Small helpers to build the page with.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * Makes an element: attributes from `attributes` (`undefined` and `false` are left out), then children, strings as text.
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
  node.append(...children);
  return node;
}

/** Writes text only when it is another one, so that nothing is laid out in vain. */
export function setText(node, text) {
  if (node.textContent !== text) {
    node.textContent = text;
  }
}

/** `0.8 ms`, `12 ms`, `3.4 s`. */
export function duration(ms) {
  if (ms >= 1000) {
    return `${(ms / 1000).toFixed(1)} s`;
  }
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

/** `912 B`, `48 KB`, `1.2 MB` (thousands, as file managers show them). */
export function fileSize(bytes) {
  if (bytes < 1000) {
    return `${bytes} B`;
  }
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(0)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** `12,345`. */
export function count(value) {
  return value.toLocaleString('en', { maximumFractionDigits: 0 });
}
