import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { Funnel } from "@/api/types";
import { Loaded } from "@/design/states";
import { Question } from "../analytics/question";
import { FunnelAnswerView } from "./funnel-answer";
import { definitionOf, funnelDraftOf, newFunnel } from "./funnel-draft";
import { FunnelFields } from "./funnel-fields";
import { FunnelSaid } from "./funnel-said";
import { funnelQuery, useFunnelChanges } from "./queries";

export function NewFunnelRoom() {
  return <OneFunnel saved={null} />;
}

export function FunnelRoom() {
  const { questionId } = useParams({ from: "/signed-in/analytics/funnels/$questionId" });
  const funnel = useQuery(funnelQuery(questionId));
  return <Loaded query={funnel}>{(saved) => <OneFunnel key={saved.id} saved={saved} />}</Loaded>;
}

function OneFunnel({ saved }: { saved: Funnel | null }) {
  const mayWrite = useCan("cdp.funnels:write");
  const changes = useFunnelChanges(saved?.id ?? null);
  return (
    <Question
      noun="funnel"
      back="/analytics/funnels"
      saved={saved}
      mayWrite={mayWrite}
      start={newFunnel()}
      draftOf={funnelDraftOf}
      definitionOf={definitionOf}
      fields={(draft, onChange) => <FunnelFields draft={draft} onChange={onChange} />}
      said={(definition) => <FunnelSaid definition={definition} />}
      answer={(definition, name) => <FunnelAnswerView definition={definition} name={name} />}
      {...changes}
    />
  );
}
