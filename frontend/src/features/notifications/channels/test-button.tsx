import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { ErrorNote } from "@/design/states";
import { useTest } from "./queries";

interface TestButtonProps {
  channel: "email" | "slack" | "webhook" | "whatsapp";
  label: string;
  disabled?: boolean;
}

/** What became of it stands in the log, truthfully: the button only says that it is on its way. */
export function TestButton({ channel, label, disabled = false }: TestButtonProps) {
  const mayWrite = useCan("notifications.channels:write");
  const test = useTest(channel);
  if (!mayWrite) return null;
  return (
    <div>
      <Button
        busy={test.isPending}
        disabled={disabled}
        onClick={() => {
          test.mutate(undefined);
        }}
      >
        {label}
      </Button>
      {test.isSuccess && (
        <p role="status" className="mt-1 text-sm text-ink-2">
          It is on its way: the log below tells what becomes of it.
        </p>
      )}
      {test.isError && <ErrorNote error={test.error} />}
    </div>
  );
}
