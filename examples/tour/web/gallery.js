// The gallery: a card for each photograph, the counts above them, and the buttons that concern all.

import { createCard } from './card.js';
import { setText } from './dom.js';

const STATES = ['queued', 'running', 'done', 'failed', 'cancelled'];

/** Shows what `pipeline` holds. */
export function showGallery(pipeline) {
  const gallery = document.getElementById('gallery');
  const cards = new Map();
  pipeline.addEventListener('added', ({ detail: photo }) => {
    const card = createCard(photo, () => pipeline.cancel(photo));
    cards.set(photo, card);
    gallery.append(card);
  });
  pipeline.addEventListener('removed', ({ detail: photo }) => {
    cards.get(photo)?.remove();
    cards.delete(photo);
  });
  document.getElementById('cancel-all').addEventListener('click', () => pipeline.cancelAll());
  document.getElementById('clear').addEventListener('click', () => pipeline.clear());
  pipeline.addEventListener('change', oncePerTurn(() => showCounts(pipeline.photos)));
}

function showCounts(photos) {
  const counts = Object.fromEntries(STATES.map((state) => [state, 0]));
  photos.forEach((photo) => { counts[photo.state] += 1; });
  for (const [state, number] of Object.entries({ total: photos.length, ...counts })) {
    const shown = document.querySelector(`[data-testid="count-${state}"]`);
    setText(shown, String(number));
    shown.parentElement.classList.toggle('none', number === 0);
  }

  const open = counts.queued + counts.running;
  const finished = photos.length - open;
  const progress = document.getElementById('progress');
  progress.max = Math.max(photos.length, 1);
  progress.value = finished;
  document.getElementById('cancel-all').disabled = open === 0;
  document.getElementById('clear').disabled = finished === 0;
  document.getElementById('empty').hidden = photos.length > 0;
  // Told to screen readers once everything has ended, not at every step.
  setText(
    document.getElementById('announce'),
    photos.length > 0 && open === 0
      ? `All finished: ${counts.done} done, ${counts.failed} failed, ${counts.cancelled} cancelled.`
      : '',
  );
}

function oncePerTurn(run) {
  let due = false;
  return () => {
    if (!due) {
      due = true;
      queueMicrotask(() => {
        due = false;
        run();
      });
    }
  };
}
