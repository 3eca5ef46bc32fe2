import { useQuery } from "@tanstack/react-query";
import { useCan } from "@/api/permissions";
import type { CrmField, CrmProperty } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { everySegmentQuery } from "@/features/cdp/segments/queries";
import { words } from "@/format/words";

const TARGETS: readonly CrmField["to"][] = [
  "email",
  "phone",
  "user_id",
  "trait",
  "computed",
  "lifecycle",
  "segment",
];
const IDENTIFIERS: ReadonlySet<CrmField["to"]> = new Set(["email", "phone", "user_id"]);
const DIRECTIONS = { from: "From the CRM", to: "To the CRM", both: "Both ways" } as const;
const WINNERS = { newest: "The newest wins", crm: "The CRM wins", ours: "Ours wins" } as const;

interface MappingRowProps {
  place: number;
  row: CrmField;
  properties: readonly CrmProperty[];
  mayWrite: boolean;
  errors: Readonly<Record<string, string>>;
  onChange: (row: CrmField) => void;
  onRemove: () => void;
}

/** One property: what of ours it stands for, who tells whom, and who wins. */
export function MappingRow({
  place,
  row,
  properties,
  mayWrite,
  errors,
  onChange,
  onRemove,
}: MappingRowProps) {
  const called = `property ${place + 1}`;
  const error = (of: string) => errors[`mapping.${place}.${of}`];
  return (
    <li className="flex flex-wrap items-start gap-2 border-b border-line pb-2 last:border-b-0">
      <div className="w-44">
        <SelectField
          label={`Property ${place + 1}`}
          hideLabel
          error={error("property")}
          value={row.property}
          onChange={(event) => {
            onChange({ ...row, property: event.target.value });
          }}
        >
          {!properties.some(({ name }) => name === row.property) && <option>{row.property}</option>}
          {properties.map(({ name, label, is_read_only }) => (
            <option key={name} value={name} disabled={is_read_only && row.direction !== "from"}>
              {label}
            </option>
          ))}
        </SelectField>
      </div>
      <div className="w-32">
        <SelectField
          label={`Property ${place + 1} is told as`}
          hideLabel
          error={error("to")}
          value={row.to}
          onChange={(event) => {
            onChange(aimedAt(row, event.target.value as CrmField["to"]));
          }}
        >
          {TARGETS.map((each) => (
            <option key={each} value={each} disabled={isOurs(each) && !mayWrite}>
              {words(each)}
            </option>
          ))}
        </SelectField>
      </div>
      {(row.to === "trait" || row.to === "computed") && (
        <div className="w-40">
          <TextField
            label={`Trait of ${called}`}
            hideLabel
            required
            placeholder={row.to === "computed" ? "rfm.cell" : undefined}
            error={error("name")}
            value={row.name ?? ""}
            onChange={(event) => {
              onChange({ ...row, name: event.target.value });
            }}
          />
        </div>
      )}
      {row.to === "segment" && (
        <div className="w-40">
          <SegmentChoice
            label={`Segment of ${called}`}
            error={error("name")}
            value={row.name ?? null}
            onChange={(name) => {
              onChange({ ...row, name });
            }}
          />
        </div>
      )}
      {!IDENTIFIERS.has(row.to) && (
        <div className="w-36">
          <SelectField
            label={`Direction of ${called}`}
            hideLabel
            error={error("direction")}
            value={row.direction}
            onChange={(event) => {
              onChange({ ...row, direction: event.target.value as CrmField["direction"] });
            }}
          >
            {Object.entries(DIRECTIONS).map(([value, label]) => (
              <option
                key={value}
                value={value}
                disabled={isOurs(row.to) ? value !== "to" : value !== "from" && !mayWrite}
              >
                {label}
              </option>
            ))}
          </SelectField>
        </div>
      )}
      {row.direction === "both" && (
        <div className="w-40">
          <SelectField
            label={`Where both changed ${called}`}
            hideLabel
            value={row.wins}
            onChange={(event) => {
              onChange({ ...row, wins: event.target.value as CrmField["wins"] });
            }}
          >
            {Object.entries(WINNERS).map(([value, label]) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </SelectField>
        </div>
      )}
      <Button aria-label={`Leave out ${called}`} onClick={onRemove}>
        Leave out
      </Button>
    </li>
  );
}

/** What is worked out here, and never read from a CRM. */
function isOurs(to: CrmField["to"]): boolean {
  return to === "computed" || to === "lifecycle" || to === "segment";
}

function aimedAt(row: CrmField, to: CrmField["to"]): CrmField {
  const name = to === "trait" ? row.property : null;
  if (IDENTIFIERS.has(to)) return { ...row, to, name, direction: "from" };
  return { ...row, to, name, direction: isOurs(to) ? "to" : row.direction };
}

interface SegmentChoiceProps {
  label: string;
  error: string | undefined;
  value: string | null;
  onChange: (segmentId: string) => void;
}

function SegmentChoice({ label, error, value, onChange }: SegmentChoiceProps) {
  const maySee = useCan("cdp.segments:read");
  const segments = useQuery({ ...everySegmentQuery, enabled: maySee });
  const items = segments.data?.items ?? [];
  return (
    <SelectField
      label={label}
      hideLabel
      required
      error={error}
      value={value ?? ""}
      onChange={(event) => {
        onChange(event.target.value);
      }}
    >
      <option value="" disabled>
        Choose a segment
      </option>
      {value !== null && !items.some(({ id }) => id === value) && <option>{value}</option>}
      {items.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}
