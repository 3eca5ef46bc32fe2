import { useQuery } from "@tanstack/react-query";
import { SelectField } from "@/design/field";
import { adAccountsQuery } from "./queries";

interface AccountPickerProps {
  chosen: string | undefined;
  onChoose: (accountId: string | undefined) => void;
}

/** Which ad account a list is narrowed to; absent where there is nothing to choose from. */
export function AccountPicker({ chosen, onChoose }: AccountPickerProps) {
  const accounts = useQuery(adAccountsQuery);
  const items = accounts.data?.items ?? [];
  if (items.length < 2 && chosen === undefined) return null;
  return (
    <div className="w-52">
      <SelectField
        label="Ad account"
        hideLabel
        value={chosen ?? ""}
        onChange={(event) => {
          onChoose(event.target.value || undefined);
        }}
      >
        <option value="">Every account</option>
        {items.map(({ id, name }) => (
          <option key={id} value={id}>
            {name}
          </option>
        ))}
      </SelectField>
    </div>
  );
}

/** An account's name where only its id is known. */
export function useAccountName(): (accountId: string | null) => string | null {
  const accounts = useQuery(adAccountsQuery);
  return (accountId) => accounts.data?.items.find(({ id }) => id === accountId)?.name ?? null;
}
