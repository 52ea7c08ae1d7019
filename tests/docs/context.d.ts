// What code blocks of the documents may use without saying where it comes from.

import type { TaskRuntime } from 'atelier';

declare global {
  /** What `createTaskRuntime()` returned. */
  const runtime: TaskRuntime;

  /** As Vite has it. */
  interface ImportMeta {
    readonly env: Record<string, string | boolean | undefined> & { readonly DEV: boolean };
    readonly hot?: { dispose(callback: () => void): void };
  }
}
