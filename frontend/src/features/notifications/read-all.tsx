import { Button } from "@/design/button";
import { plural } from "@/format/words";
import { useReadAll } from "./queries";

/** Up to the newest one on the screen. */
export function ReadAll({ count, seenAt }: { count: number; seenAt: string | null }) {
  const readAll = useReadAll();
  if (count === 0 || seenAt === null) return null;
  return (
    <Button
      tone="quiet"
      busy={readAll.isPending}
      title={`Marks ${plural(count, "notification")} as read`}
      onClick={() => {
        readAll.mutate(seenAt);
      }}
    >
      Mark all as read
    </Button>
  );
}
