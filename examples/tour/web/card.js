// The card of one photograph.

import { count, duration, element, fileSize, setText } from './dom.js';
import { drawHistogram } from './histogram.js';
import { STEPS } from './tasks.js';

const STATE_WORDS = { queued: 'Queued', running: 'Running', done: 'Done', failed: 'Failed', cancelled: 'Cancelled' };
const STEP_WORDS = { waiting: 'not yet', running: 'running', done: 'done', failed: 'failed', cancelled: 'cancelled' };

/**
 * Makes the card and keeps it up to date.
 * @param {import('./photo.js').Photo} photo
 * @param {() => void} cancel
 * @returns {HTMLElement}
 */
export function createCard(photo, cancel) {
  const parts = {
    picture: element('div', { class: 'picture' }),
    badge: element('span', { class: 'badge' }),
    cancel: element('button', { type: 'button', class: 'small', 'aria-label': `Cancel ${photo.name}` }, 'Cancel'),
    steps: Object.fromEntries(STEPS.map(({ id }) => [id, createStep(id)])),
    facts: element('dl', { class: 'facts' }),
    error: element('p', { class: 'error', hidden: true }),
  };
  const card = element(
    'article',
    { 'data-photo': photo.name, tabindex: '-1', 'aria-label': photo.name },
    element('div', { class: 'frame' }, parts.picture, parts.badge),
    element('header', {}, element('h3', { title: photo.name }, photo.name), parts.cancel),
    element('ol', { class: 'steps' }, ...Object.values(parts.steps).map((step) => step.item)),
    parts.error,
    parts.facts,
  );
  parts.cancel.addEventListener('click', () => {
    card.focus({ preventScroll: true }); // The button goes away; the place in the page stays.
    cancel();
  });

  const update = () => showPhoto(photo, card, parts);
  photo.addEventListener('change', update);
  update();
  return card;
}

function createStep(id) {
  const time = element('span', { class: 'time' });
  const state = element('span', { class: 'hidden-text' });
  return { item: element('li', { 'data-step': id }, element('span', {}, id), state, time), time, state };
}

function showPhoto(photo, card, parts) {
  const turned = card.dataset.state !== photo.state;
  card.dataset.state = photo.state;
  setText(parts.badge, STATE_WORDS[photo.state]);
  parts.cancel.hidden = photo.settled;
  for (const [id, { state, ms }] of Object.entries(photo.steps)) {
    const step = parts.steps[id];
    step.item.dataset.state = state;
    setText(step.state, STEP_WORDS[state]);
    setText(step.time, ms === undefined ? '' : duration(ms));
  }
  if (turned && photo.state === 'failed') {
    setText(parts.error, photo.error?.message ?? String(photo.error));
    parts.error.hidden = false;
  }
  if (photo.facts.url && !parts.picture.hasChildNodes()) {
    parts.picture.append(pictureOf(photo));
  }
  if (turned || photo.state === 'running') {
    parts.facts.replaceChildren(...factsOf(photo));
  }
}

function pictureOf(photo) {
  const { url, width, height } = photo.facts;
  const file = `${photo.name.replace(/\.\w+( \(\d+\))?$/, '')}-${Math.max(width, height)}.jpg`;
  const image = element('img', { src: url, width, height, alt: `${photo.name}, resized`, decoding: 'async' });
  return element('a', { href: url, download: file, title: `Save ${file}` }, image);
}

function factsOf(photo) {
  const { facts } = photo;
  const rows = [];
  const row = (term, ...content) => rows.push(element('div', {}, element('dt', {}, term), element('dd', {}, ...content)));

  if (facts.widthBefore) {
    row('Before', `${facts.widthBefore} × ${facts.heightBefore}, ${facts.format}, ${fileSize(facts.bytesBefore)}`);
  }
  if (facts.width) {
    row('After', `${facts.width} × ${facts.height}, JPEG, ${fileSize(facts.bytes)}`);
  }
  if (facts.histogram) {
    row('Sharpness', sharpnessMeter(facts.sharpness), count(facts.sharpness));
    row('Tones', drawHistogram(facts.histogram));
    row('Colours', swatches(facts.colours));
  }
  if (photo.ms !== undefined) {
    row('Time', duration(photo.ms));
  }
  if (facts.sha256) {
    const same = facts.sameAs ? ` (the same file as ${facts.sameAs})` : '';
    row('SHA-256', element('code', { title: facts.sha256 }, facts.sha256.slice(0, 12)), same);
  }
  return rows;
}

// From blurred (about 10) to very fine detail (about 10,000), each step ten times the last.
function sharpnessMeter(sharpness) {
  const meter = element('span', { class: 'meter', 'aria-hidden': 'true' });
  const part = Math.min(Math.max((Math.log10(Math.max(sharpness, 1)) - 1) / 3, 0.02), 1);
  meter.style.setProperty('--part', part.toFixed(3));
  return meter;
}

function swatches(colours) {
  return element('ul', { class: 'swatches' }, ...colours.map(({ red, green, blue, share }) => {
    const hex = `#${[red, green, blue].map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
    const label = `${hex}, ${(share * 100).toFixed(0)} %`;
    const swatch = element('li', { title: label }, element('span', { class: 'hidden-text' }, label));
    swatch.style.setProperty('--colour', hex);
    swatch.style.setProperty('--share', share.toFixed(3));
    return swatch;
  }));
}
