import { Slot } from "radix-ui";
import type { ComponentProps } from "react";
import { cx } from "./classes";

type Tone = "primary" | "plain" | "quiet" | "danger" | "caution";

const TONES: Readonly<Record<Tone, string>> = {
  primary: "border-transparent bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border-line-strong bg-surface text-ink hover:bg-sunken",
  quiet: "border-transparent text-ink-2 hover:bg-sunken hover:text-ink",
  caution: "border-block bg-surface text-block hover:bg-block-soft",
  danger: "border-transparent bg-block text-on-block hover:opacity-90",
};

interface ButtonProps extends ComponentProps<"button"> {
  tone?: Tone;
  busy?: boolean;
  /** Renders its child (a link) with the button's looks. */
  asChild?: boolean;
}

export function Button({
  tone = "plain",
  busy = false,
  asChild = false,
  className,
  disabled,
  ...rest
}: ButtonProps) {
  const Component = asChild ? Slot.Root : "button";
  return (
    <Component
      {...(asChild ? {} : { type: "button" as const, disabled: disabled === true || busy })}
      aria-busy={busy || undefined}
      className={cx(
        "inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-md border px-3 font-medium whitespace-nowrap",
        "disabled:cursor-not-allowed disabled:opacity-55 max-sm:h-10",
        TONES[tone],
        className,
      )}
      {...rest}
    />
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  label: string;
}

export function IconButton({ label, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={cx(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-md text-ink-2 hover:bg-sunken hover:text-ink max-sm:size-10",
        className,
      )}
      {...rest}
    />
  );
}
