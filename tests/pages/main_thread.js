// Whether the timeline's lane of the main thread has anything in it, by its pixels.

/** How the panel measures: the strip of times, the gap above a bar, the bar itself (CSS pixels). */
const [AXIS, GAP, BAR] = [22, 2, 12];

/** How many pixels, along the middle of the main thread's lane, have the colour of a long task. */
export function mainThreadPixels(panel) {
  const canvas = panel.querySelector('.timeline-canvas');
  const { width } = canvas.getBoundingClientRect();
  if (!width) return 0;
  const ratio = canvas.width / width;
  const probe = document.createElement('canvas').getContext('2d');
  probe.fillStyle = getComputedStyle(panel).getPropertyValue('--atelier-rejected').trim();
  probe.fillRect(0, 0, 1, 1);
  const wanted = probe.getImageData(0, 0, 1, 1).data;
  const { data } = canvas.getContext('2d').getImageData(0, Math.round((AXIS + GAP + BAR / 2) * ratio), canvas.width, 1);
  let found = 0;
  for (let at = 0; at < data.length; at += 4) found += Number([0, 1, 2].every((part) => Math.abs(data[at + part] - wanted[part]) < 4));
  return found;
}
