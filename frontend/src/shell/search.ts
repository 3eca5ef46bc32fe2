/** Readers for what stands in the address: anything malformed reads as absent. */
type Reader<T> = (value: unknown) => T | undefined;

export const text: Reader<string> = (value) => {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
};

export const wholeNumber: Reader<number> = (value) => {
  const parsed = typeof value === "string" ? Number(value) : value;
  return typeof parsed === "number" && Number.isInteger(parsed) && parsed > 0 ? parsed : undefined;
};

/** A moment with its zone, as an API writes it; without one it would be another moment for each who opens the link. */
export const moment: Reader<string> = (value) => {
  if (typeof value !== "string" || !/(Z|[+-]\d\d:\d\d)$/.test(value)) return undefined;
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? undefined : new Date(parsed).toISOString();
};

export function choice<const T extends string>(...among: readonly T[]): Reader<T> {
  return (value) => among.find((candidate) => candidate === value);
}

/** A route's `validateSearch` from a reader per parameter; every parameter may be absent. */
export function searchOf<T extends object>(readers: { [K in keyof T]: Reader<T[K]> }) {
  return (search: Record<string, unknown>) => {
    const read = Object.entries<Reader<unknown>>(readers).map(
      ([name, reader]) => [name, reader(search[name])] as const,
    );
    return Object.fromEntries(read) as { [K in keyof T]?: T[K] | undefined };
  };
}
