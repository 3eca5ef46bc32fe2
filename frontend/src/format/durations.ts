const UNITS = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
] as const;

/** Seconds as people say them, by the two largest units: "2 d 4 h", "3 min", "0.4 s". */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  let rest = Math.round(seconds);
  const first = UNITS.findIndex(([, size]) => rest >= size);
  const parts: string[] = [];
  for (const [unit, size] of UNITS.slice(first, first + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
  }
  return parts.join(" ");
}

/** The parts that a spread of times counts in, by the seconds that each begins at: "under 10 s", "1 min – 10 min". */
export function spans(from: readonly number[]): string[] {
  return from.map((start, place) => {
    const end = from[place + 1];
    if (end === undefined) return `${duration(start)} or more`;
    return start === 0 ? `under ${duration(end)}` : `${duration(start)} – ${duration(end)}`;
  });
}
