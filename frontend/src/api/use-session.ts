import { useSyncExternalStore } from "react";
import { currentSession, type Session, subscribeSession } from "./session";

export function useSession(): Session | null {
  return useSyncExternalStore(subscribeSession, currentSession);
}
