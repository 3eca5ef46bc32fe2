import type { UnreachedAccount } from "@/api/types";
import { plural } from "@/format/words";

/** Accounts that a stop cannot write to: what runs there goes on, which nobody should have to find out. */
export function OutOfReach({ accounts }: { accounts: readonly UnreachedAccount[] }) {
  if (accounts.length === 0) return null;
  return (
    <div>
      <p className="font-medium text-hold">
        {plural(accounts.length, "account is", "accounts are")} out of reach, and run on:
      </p>
      <ul className="mt-1 max-h-40 space-y-1 overflow-y-auto" tabIndex={accounts.length > 3 ? 0 : undefined}>
        {accounts.map((each) => (
          <li key={each.ad_account_id}>
            {each.name}{" "}
            <span className="text-ink-2">
              ({each.campaigns === null ? "campaigns not known" : plural(each.campaigns, "active campaign")}).{" "}
              {each.sentence}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
