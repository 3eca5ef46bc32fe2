import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Button } from "./button";
import { Dialog } from "./dialog";
import { ErrorNote } from "./states";

interface ConfirmButtonProps {
  /** What is done, on the button and on its confirmation: "Revoke". */
  label: string;
  /** The question. */
  title: string;
  /** What stops with it. */
  children: ReactNode;
  act: () => Promise<unknown>;
}

/** Does what cannot be undone after a second yes; a refusal is shown where it was asked for. */
export function ConfirmButton({ label, title, children, act }: ConfirmButtonProps) {
  const [open, setOpen] = useState(false);
  const doIt = useMutation({
    mutationFn: act,
    onSuccess: () => {
      setOpen(false);
    },
  });
  return (
    <>
      <Button
        onClick={() => {
          doIt.reset();
          setOpen(true);
        }}
      >
        {label}
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={title}>
        <div className="space-y-4">
          <p className="text-ink-2">{children}</p>
          {doIt.isError && <ErrorNote error={doIt.error} />}
          <div className="flex justify-end gap-2">
            <Button
              onClick={() => {
                setOpen(false);
              }}
            >
              Keep it
            </Button>
            <Button
              tone="danger"
              busy={doIt.isPending}
              onClick={() => {
                doIt.mutate();
              }}
            >
              {label}
            </Button>
          </div>
        </div>
      </Dialog>
    </>
  );
}
