const MAX_PORTS = 1_000;
const HIGHEST = 65_535;

export interface PortRange {
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** Reads `9000-9099` or `9000`. @returns undefined for anything else, and for more than 1000 ports */
export function portRange(text: string): PortRange | undefined {
  const parts = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!parts) return undefined;
  const from = Number(parts[1]);
  const to = Number(parts[2] ?? parts[1]);
  return from >= 1 && to >= from && to <= HIGHEST && to - from < MAX_PORTS ? { from, to } : undefined;
}

/** Whether all ports of `inner` are in `outer`. */
export function isInside(inner: PortRange, outer: PortRange): boolean {
  return inner.from >= outer.from && inner.to <= outer.to;
}
