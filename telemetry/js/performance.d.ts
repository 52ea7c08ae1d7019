export function timeOrigin(): number;
export function now(): number;
export function wallClock(): number;
export function measure(
  name: string,
  start: number,
  end: number,
  detailJson: string,
  clearFirst: boolean,
): string | undefined;
export class Stamps {
  constructor();
  text(number: number, text: string): void;
  stamp(
    label: number,
    call: number,
    start: number,
    end: number,
    track: number,
    group: number,
    color: number,
  ): string | undefined;
}
