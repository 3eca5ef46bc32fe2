import { useMutation } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useDomainOffset } from "@/api/domain-clock";
import { useCan } from "@/api/permissions";
import type { PrivacyRequest } from "@/api/types";
import { Button } from "@/design/button";
import { useNow } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote } from "@/design/states";
import { download } from "./download";
import { fetchExport } from "./queries";

/** All that is held of the person, for as long as it is kept. */
export function ExportPanel({ request }: { request: PrivacyRequest }) {
  const mayFetch = useCan("cdp.privacy:admin");
  const now = useNow() + useDomainOffset();
  const fetched = useMutation({
    mutationFn: async () => {
      download(`export-${request.id}.json`, await fetchExport(request.id));
    },
  });
  return (
    <Panel title="The export">
      <div className="space-y-3 p-4">
        {request.status !== "done" || request.expires_at === null ? (
          <p className="text-ink-2">It is put together now, and can be fetched here when it is done.</p>
        ) : Date.parse(request.expires_at) <= now ? (
          <p className="text-ink-2">It has expired, and is held no more: ask for another.</p>
        ) : mayFetch ? (
          <>
            <p className="max-w-prose text-ink-2">
              Their profile, identifiers, consents with receipts, events, and what was sent on, in the clear,
              as JSON. Give it to nobody but them: who fetched it is written to the audit log.
            </p>
            <Button
              tone="primary"
              busy={fetched.isPending}
              onClick={() => {
                fetched.mutate();
              }}
            >
              <Download size={14} aria-hidden />
              Fetch the export
            </Button>
            <p role="status" className="text-ink-2">
              {fetched.isSuccess && "Fetched: it is among your downloads."}
            </p>
            {fetched.isError && <ErrorNote error={fetched.error} />}
          </>
        ) : (
          <p className="text-ink-2">It is done. An administrator can fetch it.</p>
        )}
      </div>
    </Panel>
  );
}
