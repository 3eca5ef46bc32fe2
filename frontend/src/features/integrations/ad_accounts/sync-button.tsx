import { Button } from "@/design/button";
import { ErrorNote } from "@/design/states";
import { useSync } from "./queries";

export function SyncButton({ accountId, label = "Sync now" }: { accountId: string; label?: string }) {
  const sync = useSync();
  return (
    <>
      <Button
        busy={sync.isPending}
        disabled={sync.isSuccess}
        onClick={() => {
          sync.mutate(accountId);
        }}
      >
        {sync.isSuccess ? "Queued" : label}
      </Button>
      {sync.isError && <ErrorNote error={sync.error} />}
    </>
  );
}
