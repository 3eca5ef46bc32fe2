import { Label } from "radix-ui";
import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "./classes";

const CONTROL =
  "h-8 w-full rounded-md border border-line-strong bg-surface px-2 text-ink placeholder:text-ink-3 max-sm:h-10 max-sm:text-[16px] aria-invalid:border-block disabled:bg-sunken disabled:text-ink-3";

interface FrameProps {
  id: string;
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  hideLabel?: boolean | undefined;
  children: ReactNode;
}

function Frame({ id, label, hint, error, hideLabel, children }: FrameProps) {
  return (
    <div className="min-w-0">
      <Label.Root
        htmlFor={id}
        className={cx("mb-1 block font-medium text-ink-2", hideLabel === true && "sr-only")}
      >
        {label}
      </Label.Root>
      {children}
      {hint !== undefined && error === undefined && (
        <p id={`${id}-note`} className="mt-1 text-sm text-ink-3">
          {hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-note`} role="alert" className="mt-1 text-sm text-block">
          {error}
        </p>
      )}
    </div>
  );
}

interface FieldExtras {
  label: string;
  hint?: ReactNode;
  error?: string | undefined;
  hideLabel?: boolean;
}

function described(id: string, hint: ReactNode, error: string | undefined) {
  return {
    "aria-invalid": error !== undefined || undefined,
    "aria-describedby": hint !== undefined || error !== undefined ? `${id}-note` : undefined,
  };
}

export function TextField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...rest
}: ComponentProps<"input"> & FieldExtras) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <input id={id} className={cx(CONTROL, className)} {...described(id, hint, error)} {...rest} />
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...rest
}: ComponentProps<"textarea"> & FieldExtras) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <textarea
        id={id}
        rows={3}
        className={cx(CONTROL, "h-auto resize-y py-1.5 max-sm:h-auto", className)}
        {...described(id, hint, error)}
        {...rest}
      />
    </Frame>
  );
}

export function SelectField({
  label,
  hint,
  error,
  hideLabel,
  className,
  ...rest
}: ComponentProps<"select"> & FieldExtras) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error} hideLabel={hideLabel}>
      <select id={id} className={cx(CONTROL, "pr-7", className)} {...described(id, hint, error)} {...rest} />
    </Frame>
  );
}
