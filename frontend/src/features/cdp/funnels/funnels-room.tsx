import { useInfiniteQuery } from "@tanstack/react-query";
import { Empty } from "@/design/states";
import { SavedList } from "../analytics/saved-list";
import { stepsSaid } from "./funnel-draft";
import { funnelsQuery } from "./queries";

export function FunnelsRoom() {
  const funnels = useInfiniteQuery(funnelsQuery);
  return (
    <SavedList
      kind="funnels"
      query={funnels}
      said={stepsSaid}
      empty={
        <Empty title="No funnel is saved yet.">
          A funnel counts how many people go through steps in order, such as looking at a product, putting it
          into the cart and paying, and where the others stop.
        </Empty>
      }
    />
  );
}
