import { type ComponentProps, useId, useState } from "react";
import { cx } from "@/design/classes";
import { amount, micros as microsOf } from "@/format/money";

/** Controls that stand in a sentence: no label above them, a name for those who cannot see the sentence. */
const CONTROL =
  "h-8 max-w-full min-w-0 rounded-md border border-line-strong bg-surface px-2 text-ink placeholder:text-ink-3 max-sm:h-10 max-sm:text-[16px] aria-invalid:border-block";

interface PickProps<T extends string> {
  label: string;
  value: T;
  options: Readonly<Partial<Record<T, string>>>;
  onPick: (value: T) => void;
  className?: string;
}

export function Pick<T extends string>({ label, value, options, onPick, className }: PickProps<T>) {
  const entries = Object.entries(options) as [T, string][];
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => {
        const chosen = entries.find(([each]) => each === event.target.value);
        if (chosen !== undefined) onPick(chosen[0]);
      }}
      className={cx(CONTROL, "field-sizing-content pr-6", className)}
    >
      {entries.map(([each, word]) => (
        <option key={each} value={each}>
          {word}
        </option>
      ))}
    </select>
  );
}

interface SuggestedProps extends Omit<ComponentProps<"input">, "onChange" | "list" | "value"> {
  label: string;
  value: string;
  suggestions: readonly string[];
  onType: (value: string) => void;
}

/** Free text with what is really there offered beside it. */
export function Suggested({ label, value, suggestions, onType, className, ...rest }: SuggestedProps) {
  const id = useId();
  return (
    <>
      <input
        aria-label={label}
        list={id}
        value={value}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => {
          onType(event.target.value);
        }}
        className={cx(CONTROL, className)}
        {...rest}
      />
      <datalist id={id}>
        {suggestions.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}

interface FigureProps {
  label: string;
  value: number | string | null;
  onFill: (value: number | null) => void;
  whole?: boolean;
  className?: string;
}

/** A number; while nothing that is one stands there, there is none. */
export function Figure({ label, value, onFill, whole = false, className }: FigureProps) {
  const [typed, setTyped] = useState<string>();
  return (
    <input
      aria-label={label}
      inputMode={whole ? "numeric" : "decimal"}
      autoComplete="off"
      value={typed ?? (value === null ? "" : String(value))}
      onChange={(event) => {
        const text = event.target.value;
        setTyped(text);
        onFill(read(text, whole));
      }}
      onBlur={() => {
        setTyped(undefined);
      }}
      className={cx(CONTROL, "text-right", className ?? "w-20")}
    />
  );
}

function read(text: string, whole: boolean): number | null {
  const plain = text.trim().replace(",", ".");
  const fits = whole ? /^\d{1,9}$/ : /^-?\d{1,12}(\.\d{1,9})?$/;
  return fits.test(plain) ? Number(plain) : null;
}

interface AmountFieldProps {
  label: string;
  micros: number | null;
  currency: string;
  onFill: (micros: number | null) => void;
}

export function AmountField({ label, micros, currency, onFill }: AmountFieldProps) {
  const [typed, setTyped] = useState<string>();
  const known = /^[A-Z]{3}$/.test(currency);
  const shown = micros === null || !known ? "" : amount(micros, currency);
  return (
    <input
      aria-label={label}
      inputMode="decimal"
      autoComplete="off"
      placeholder="0.00"
      value={typed ?? shown}
      onChange={(event) => {
        const text = event.target.value;
        setTyped(text);
        onFill(known ? microsOf(text, currency) : null);
      }}
      onBlur={() => {
        setTyped(undefined);
      }}
      className={cx(CONTROL, "w-24 text-right")}
    />
  );
}

/** A moment of the viewer's clock. */
export function MomentField({
  label,
  at,
  onFill,
}: {
  label: string;
  at: string;
  onFill: (at: string) => void;
}) {
  return (
    <input
      type="datetime-local"
      aria-label={label}
      value={at === "" ? "" : local(at)}
      onChange={(event) => {
        const then = new Date(event.target.value);
        onFill(Number.isNaN(then.getTime()) ? "" : then.toISOString());
      }}
      className={CONTROL}
    />
  );
}

function local(iso: string): string {
  const then = new Date(iso);
  return new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
