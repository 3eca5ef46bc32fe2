import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Connection } from "@/api/types";
import { Button } from "@/design/button";
import { Dialog } from "@/design/dialog";
import { ErrorNote } from "@/design/states";
import { plural, words } from "@/format/words";
import { adAccountsQuery } from "../ad_accounts/queries";
import { consequences } from "./consequences";
import { useDisconnect } from "./queries";

/** Ends a connection, after saying what stops with it. */
export function DisconnectButton({ connection }: { connection: Connection }) {
  const mayEnd = useCan("integrations.connections:write");
  const [open, setOpen] = useState(false);
  if (!mayEnd) return null;
  return (
    <>
      <Button
        onClick={() => {
          setOpen(true);
        }}
      >
        Disconnect
      </Button>
      <Dialog open={open} onOpenChange={setOpen} title={`Disconnect ${words(connection.platform)}?`}>
        <Ending
          connection={connection}
          onDone={() => {
            setOpen(false);
          }}
        />
      </Dialog>
    </>
  );
}

function Ending({ connection, onDone }: { connection: Connection; onDone: () => void }) {
  const accounts = useQuery(adAccountsQuery);
  const disconnect = useDisconnect(connection.id);
  const own = (accounts.data?.items ?? []).filter(({ connection_id }) => connection_id === connection.id);
  return (
    <div className="space-y-4">
      <p>
        At once, for {own.length === 0 ? "whatever it reaches" : plural(own.length, "ad account")}
        {own.length > 0 && own.length <= 5 && <>: {own.map(({ name }) => name).join(", ")}</>}
      </p>
      <ul className="list-disc space-y-1 pl-5 text-ink-2">
        {consequences(own).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      <p className="text-ink-2">
        Nothing changes on the platform itself: its campaigns run on with the budgets that they have. Events,
        figures and decisions stay here. Connecting again takes a sign-in.
      </p>
      {disconnect.isError && <ErrorNote error={disconnect.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Keep it</Button>
        <Button
          tone="danger"
          busy={disconnect.isPending}
          onClick={() => {
            disconnect.mutate(undefined, { onSuccess: onDone });
          }}
        >
          Disconnect
        </Button>
      </div>
    </div>
  );
}
