const formats = new Map<string, Intl.NumberFormat>();

function currencyFormat(currency: string, compact: boolean): Intl.NumberFormat {
  const key = `${currency}:${compact ? "c" : "f"}`;
  let format = formats.get(key);
  if (format === undefined) {
    format = new Intl.NumberFormat(undefined, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
      ...(compact ? { notation: "compact", maximumFractionDigits: 1 } : {}),
    });
    formats.set(key, format);
  }
  return format;
}

/** Integer micros as a decimal string: no float ever holds an amount. */
export function decimal(micros: number): string {
  const whole = BigInt(micros);
  const sign = whole < 0n ? "-" : "";
  const digits = (whole < 0n ? -whole : whole).toString().padStart(7, "0");
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

export function money(micros: number, currency: string): string {
  return currencyFormat(currency, false).format(decimal(micros) as Intl.StringNumericLiteral);
}

export function moneyCompact(micros: number, currency: string): string {
  return currencyFormat(currency, true).format(decimal(micros) as Intl.StringNumericLiteral);
}

/** An amount that a person typed, as micros; null where it is no amount or finer than the currency knows. */
export function micros(text: string, currency: string): number | null {
  const match = /^(\d{1,9})(?:[.,](\d{1,6}))?$/.exec(text.trim());
  if (!match) return null;
  const fraction = match[2] ?? "";
  if (
    fraction.replace(/0+$/, "").length >
    (currencyFormat(currency, false).resolvedOptions().maximumFractionDigits ?? 2)
  )
    return null;
  return Number(match[1]) * 1_000_000 + Number(fraction.padEnd(6, "0"));
}

/** The plain amount for an input field, in as many decimals as the currency has. */
export function amount(value: number, currency: string): string {
  const decimals = currencyFormat(currency, false).resolvedOptions().maximumFractionDigits ?? 2;
  const text = decimal(value);
  const point = text.indexOf(".");
  const fraction = text
    .slice(point + 1)
    .replace(/0+$/, "")
    .padEnd(decimals, "0");
  return fraction === "" ? text.slice(0, point) : `${text.slice(0, point)}.${fraction}`;
}
