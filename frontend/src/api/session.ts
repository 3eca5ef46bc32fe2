import { problemFrom, unreachable } from "./errors";
import type { SignedIn } from "./types";

/** Who is signed in. The access token lives in this module's memory and nowhere else. */
export interface Session {
  readonly user: SignedIn["user"];
  readonly tenants: SignedIn["tenants"];
  readonly tenantId: number;
}

type Listener = () => void;

let token: string | null = null;
let session: Session | null = null;
let renewing: Promise<boolean> | null = null;
const listeners = new Set<Listener>();
const otherTabs = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("stratum.session");

export const accessToken = (): string | null => token;
export const currentSession = (): Session | null => session;

export function subscribeSession(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce(): void {
  for (const listener of listeners) listener();
}

function accept(signedIn: SignedIn): void {
  token = signedIn.access_token;
  session = { user: signedIn.user, tenants: signedIn.tenants, tenantId: signedIn.tenant_id };
  announce();
}

/** A sign-in in this tab; other tabs reload, since the refresh cookie they share now speaks for somebody else. */
export function beginSession(signedIn: SignedIn): void {
  accept(signedIn);
  otherTabs?.postMessage("changed");
}

export function sessionEnded(): void {
  if (session === null) return;
  token = null;
  session = null;
  announce();
}

function csrfToken(): string | null {
  return /(?:^|;\s*)stratum_csrf=([^;]+)/.exec(document.cookie)?.[1] ?? null;
}

async function post(path: string): Promise<Response | null> {
  const csrf = csrfToken();
  if (csrf === null) return null;
  return fetch(`${window.location.origin}/api/v1/auth/${path}`, {
    method: "POST",
    headers: { "X-CSRF-Token": decodeURIComponent(csrf) },
    credentials: "same-origin",
  }).catch(() => {
    throw unreachable();
  });
}

async function renew(): Promise<boolean> {
  const response = await post("refresh");
  if (response === null) return false;
  if (response.status === 401 || response.status === 403) return false;
  if (!response.ok) throw problemFrom(response, await response.json().catch(() => null));
  accept((await response.json()) as SignedIn);
  return true;
}

/** Without locks (an insecure origin has none) tabs may still collide; one tab never does. */
async function takeTurn(): Promise<boolean> {
  if (!("locks" in navigator)) return renew();
  return navigator.locks.request("stratum.refresh", () => renew());
}

/**
 * Trades the refresh cookie for a new access token. Refresh tokens rotate and a reused one revokes the whole family,
 * so that calls share one request, and tabs take turns through a lock.
 */
export function refreshSession(): Promise<boolean> {
  if (renewing !== null) return renewing;
  renewing = takeTurn().finally(() => {
    renewing = null;
  });
  return renewing;
}

export async function signOut(): Promise<void> {
  await post("logout");
  sessionEnded();
  otherTabs?.postMessage("changed");
}

otherTabs?.addEventListener("message", () => {
  window.location.reload();
});
