import { Button } from "@/design/button";
import { ErrorNote } from "@/design/states";
import { useSync } from "./queries";

export function SyncButton({ accountId }: { accountId: string }) {
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
        {sync.isSuccess ? "Queued" : "Sync now"}
      </Button>
      {sync.isError && <ErrorNote error={sync.error} />}
    </>
  );
}
