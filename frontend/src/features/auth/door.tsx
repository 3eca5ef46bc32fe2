import type { ReactNode } from "react";
import { ApiError } from "@/api/errors";
import { Mark } from "@/shell/mark";

interface DoorProps {
  title: string;
  lead?: ReactNode;
  children: ReactNode;
  footer?: ReactNode;
}

/** The frame of every page in front of the sign-in. */
export function Door({ title, lead, children, footer }: DoorProps) {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-[360px] flex-col px-4 pt-[14vh] pb-12">
      <title>{`${title} · Stratum`}</title>
      <p className="mb-8 flex items-center gap-2 font-semibold tracking-tight">
        <Mark /> Stratum
      </p>
      <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
      {lead !== undefined && <p className="mt-1 text-ink-2">{lead}</p>}
      <div className="mt-5">{children}</div>
      {footer !== undefined && <div className="mt-6 border-t border-line pt-4 text-ink-2">{footer}</div>}
    </main>
  );
}

/** Whether the server asks for the password again, since the sign-in was some time ago. */
export function needsPassword(error: Error | null): boolean {
  return error instanceof ApiError && error.code === "auth.password_needed";
}
