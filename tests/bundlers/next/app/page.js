'use client';

// The page is rendered on a server first, which makes a runtime as well, and calls nothing.
import './main.js';

export default function Page() {
  return <p>Atelier in a page that a server renders</p>;
}
