import { X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "./button";

interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children: ReactNode;
}

/** Focus is trapped inside and given back on closing; Escape closes. On a phone it is a sheet from below. */
export function Dialog({ open, onOpenChange, title, description, children }: DialogProps) {
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-scrim" />
        <Radix.Content
          {...(description === undefined ? { "aria-describedby": undefined } : {})}
          className="fixed z-50 max-h-[88dvh] overflow-y-auto border-line-strong bg-raised text-ink shadow-xl max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-t-lg max-sm:border-t sm:top-[14vh] sm:left-1/2 sm:w-[480px] sm:-translate-x-1/2 sm:rounded-lg sm:border"
        >
          <div className="flex items-start justify-between gap-4 py-3 pr-2 pl-4">
            <Radix.Title className="pt-1 text-lg font-semibold">{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton label="Close">
                <X size={16} aria-hidden />
              </IconButton>
            </Radix.Close>
          </div>
          <div className="px-4 pb-4">
            {description !== undefined && (
              <Radix.Description className="mb-4 text-ink-2">{description}</Radix.Description>
            )}
            {children}
          </div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
