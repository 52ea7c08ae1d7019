export function timeOrigin(): number;
export function measure(
  name: string,
  start: number,
  end: number,
  detail: unknown,
  clearFirst: boolean,
): string | undefined;
