// A histogram as a drawing: three channels over the brightness. It is SVG, so that it follows the theme by itself.

import { svg } from './dom.js';

const HEIGHT = 40;
const CHANNELS = ['luma', 'red', 'green', 'blue'];

/**
 * Draws `{ red, green, blue, luma }`, each a list of counts from dark to bright.
 * @returns {SVGElement}
 */
export function drawHistogram(histogram) {
  const bins = histogram.luma.length;
  // One bin that holds everything (a black sky) would flatten the rest: the scale ends at a high rank, not at the top.
  const ranked = CHANNELS.flatMap((channel) => histogram[channel]).sort((a, b) => a - b);
  const top = Math.max(ranked[Math.floor(ranked.length * 0.985)], ranked.at(-1) / 8, 1);
  const outline = (counts) => counts
    .map((value, bin) => `L${bin + 0.5} ${(HEIGHT * (1 - Math.min(value / top, 1))).toFixed(1)}`)
    .join('');
  return svg(
    'svg',
    { class: 'histogram', viewBox: `0 0 ${bins} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': 'Histogram' },
    ...CHANNELS.map((channel) => svg('path', {
      class: `channel-${channel}`,
      d: `M0 ${HEIGHT}${outline(histogram[channel])}L${bins} ${HEIGHT}Z`,
    })),
  );
}
