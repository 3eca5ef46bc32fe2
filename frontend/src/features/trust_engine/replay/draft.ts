import { useQuery, useQueryClient } from "@tanstack/react-query";
import type { Policy } from "@/api/types";

const KEY = ["trust_engine/policies", "draft"] as const;

/** What the policy's editor would change, while it is open; null while it is not. Other rooms hold decisions against it. */
export function useDraft(): Policy["document"] | null {
  return useQuery<Policy["document"] | null>({
    queryKey: KEY,
    queryFn: () => null,
    initialData: null,
    enabled: false,
    staleTime: Infinity,
    gcTime: Infinity,
  }).data;
}

export function useKeepDraft(): (draft: Policy["document"] | null) => void {
  const client = useQueryClient();
  return (draft) => {
    client.setQueryData(KEY, draft);
  };
}
