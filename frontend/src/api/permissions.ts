import { useQuery } from "@tanstack/react-query";
import { meQuery } from "./queries";

/** Whether the signed-in person's role grants it. The API decides anyway; this keeps dead buttons off the page. */
export function useCan(permission: string): boolean {
  const me = useQuery(meQuery);
  return me.data?.permissions.includes(permission) ?? false;
}
