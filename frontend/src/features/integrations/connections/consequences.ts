import type { AdAccount } from "@/api/types";

/** What stops when a connection ends, for the accounts that it reaches. */
export function consequences(accounts: readonly AdAccount[]): string[] {
  const writing = accounts.some(({ write_lease }) => write_lease);
  const sending = accounts.some(({ conversions_enabled }) => conversions_enabled);
  return [
    "Campaigns and their figures are read no more. Signals go stale, and the gate closes for what needs them.",
    ...(writing
      ? [
          "No budget or status can be changed from here, not even by your own pause: a campaign is stopped on the platform.",
          "The right to write to the accounts is given back, so that another company may take it.",
        ]
      : []),
    ...(sending ? ["Conversions are no longer sent; those that wait are not delivered."] : []),
    "Our access token is erased.",
  ];
}
