const oneDecimal = new Intl.NumberFormat(undefined, {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const whole = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });

/** What is not known, in a cell that holds a figure otherwise. */
export const DASH = "—";

/** A share to a tenth of a percent; all and none are said of all and none alone, and unknown is a dash. */
export function share(value: number | null): string {
  if (value === null) return DASH;
  if (value === 0 || value === 1) return whole.format(value);
  const tenths = Math.round(value * 1000);
  if (tenths === 0) return `<${oneDecimal.format(0.001)}`;
  if (tenths === 1000) return `>${oneDecimal.format(0.999)}`;
  return oneDecimal.format(tenths / 1000);
}

/** A part of a whole; unknown where the whole is nobody. */
export const part = (count: number, of: number): number | null => (of === 0 ? null : count / of);
