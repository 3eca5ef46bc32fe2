import { useCan } from "@/api/permissions";
import type { Incident } from "@/api/types";
import { Button } from "@/design/button";
import { ErrorNote } from "@/design/states";
import { useAcknowledge } from "./queries";

/** Says that somebody is on it; it closes by itself when what was wrong is right. */
export function AcknowledgeButton({ incident }: { incident: Incident }) {
  const mayAcknowledge = useCan("trust_engine.incidents:write");
  const acknowledge = useAcknowledge(incident.id);
  if (!mayAcknowledge || incident.status !== "open") return null;
  return (
    <div>
      <Button
        busy={acknowledge.isPending}
        onClick={() => {
          acknowledge.mutate();
        }}
      >
        Acknowledge
      </Button>
      {acknowledge.isError && <ErrorNote error={acknowledge.error} />}
    </div>
  );
}
