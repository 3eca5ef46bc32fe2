import { useState } from "react";
import type { IdentityGraph, IdentityLink } from "@/api/types";
import { Button } from "@/design/button";
import { plural } from "@/format/words";
import { ChangeDialog } from "./change-dialog";
import { isSplit, saidTogether } from "./acts";
import { useUndo } from "./queries";

/** Its dialog outlives the link, to say what came of it. */
export function UndoButton({ graph, link }: { graph: IdentityGraph; link: IdentityLink }) {
  const [open, setOpen] = useState(false);
  const undo = useUndo(link.assertion);
  const together = saidTogether(graph.links, link).length;
  const split = isSplit(graph.links, link);
  return (
    <>
      {saidTogether(graph.links, link).some((each) => each.removed_at === null) && (
        <Button
          onClick={() => {
            undo.reset();
            setOpen(true);
          }}
        >
          Undo
        </Button>
      )}
      <ChangeDialog
        open={open}
        onOpenChange={setOpen}
        title={split ? "Take the split back?" : "Take this link back?"}
        consequences={[
          split
            ? "The split is taken back as a whole."
            : `What was asserted is taken back as a whole: ${plural(together, "link")}.`,
          split
            ? "Where nothing else keeps them apart, and other links hold them together, they become one person again."
            : "Where no other link holds them together, the person becomes two.",
          "Traits, counters and segments of everybody concerned are worked out anew; no event is changed.",
          "The same event sent again does not bring it back.",
        ]}
        confirm="Take it back"
        busy={undo.isPending}
        error={undo.error}
        done={undo.data?.profile_ids}
        onConfirm={(reason) => {
          undo.mutate(reason);
        }}
      />
    </>
  );
}
