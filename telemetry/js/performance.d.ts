export function timeOrigin(): number;
export function now(): number;
export function measure(
  name: string,
  start: number,
  end: number,
  detailJson: string,
  clearFirst: boolean,
): string | undefined;
