import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { type SyntheticEvent, useState } from "react";
import { useCan } from "@/api/permissions";
import { Button, IconButton } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { FormError } from "@/design/form";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { plural } from "@/format/words";
import { policyQuery, type SilencePolicy, useSetPolicy } from "./queries";
import { countryName } from "./words";

type Read = SilencePolicy & { readonly version: number; readonly always_refused: readonly string[] };

/** What silence means, country by country. */
export function Policy() {
  const policy = useQuery(policyQuery);
  return (
    <Panel title="What silence means">
      <Loaded query={policy}>
        {(data) => <PolicyForm key={data.version} policy={{ ...data, countries: data.countries ?? {} }} />}
      </Loaded>
    </Panel>
  );
}

function PolicyForm({ policy }: { policy: Read }) {
  const mayChange = useCan("cdp.consents:admin");
  const [elsewhere, setElsewhere] = useState(policy.elsewhere);
  const [countries, setCountries] = useState(policy.countries);
  const save = useSetPolicy();
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    save.mutate({ elsewhere, countries });
  };
  const changed =
    elsewhere !== policy.elsewhere || JSON.stringify(countries) !== JSON.stringify(policy.countries);
  return (
    <form onSubmit={submit}>
      <div className="space-y-3 border-b border-line p-4">
        <p className="max-w-prose text-ink-2">
          Silence is a no, and stays one whatever you choose here, in the European Economic Area, the United
          Kingdom and Switzerland, and where a person’s country is not known.{" "}
          <Fixed countries={policy.always_refused} />
        </p>
        <fieldset disabled={!mayChange} className="max-w-xs">
          <SelectField
            label="Everywhere else silence is"
            value={elsewhere}
            onChange={(event) => {
              setElsewhere(event.target.value as "granted" | "refused");
            }}
          >
            <option value="granted">a yes, until they say no</option>
            <option value="refused">a no, until they say yes</option>
          </SelectField>
        </fieldset>
      </div>
      <Exceptions
        countries={countries}
        onChange={setCountries}
        always={policy.always_refused}
        mayChange={mayChange}
      />
      <FormError error={save.error} />
      {mayChange && (
        <div className="flex items-center gap-3 border-t border-line px-4 py-3">
          <Button type="submit" tone="primary" busy={save.isPending} disabled={!changed}>
            Save the policy
          </Button>
          <span className="text-ink-2">
            It counts at once, for what is queued already too: consent is asked again when a send leaves.
          </span>
        </div>
      )}
    </form>
  );
}

function Fixed({ countries }: { countries: readonly string[] }) {
  return (
    <details className="inline-block">
      <summary className="text-accent underline underline-offset-2">
        {plural(countries.length, "country", "countries and regions")}
      </summary>
      <span>{countries.map(countryName).sort().join(", ")}.</span>
    </details>
  );
}

interface ExceptionsProps {
  countries: SilencePolicy["countries"];
  onChange: (countries: SilencePolicy["countries"]) => void;
  always: readonly string[];
  mayChange: boolean;
}

function Exceptions({ countries, onChange, always, mayChange }: ExceptionsProps) {
  const codes = Object.keys(countries).sort();
  return (
    <>
      {codes.length === 0 ? (
        <p className="px-4 py-3 text-ink-2">No country is an exception to that.</p>
      ) : (
        <Table label="Exceptions by country">
          <thead>
            <tr>
              <Th>But in</Th>
              <Th>Silence is</Th>
              {mayChange && <ThActions />}
            </tr>
          </thead>
          <tbody>
            {codes.map((code) => (
              <Tr key={code}>
                <Td>{countryName(code)}</Td>
                <Td>{countries[code] === "granted" ? "a yes" : "a no"}</Td>
                {mayChange && (
                  <Td className="text-right">
                    <IconButton
                      label={`Drop ${countryName(code)}`}
                      onClick={() => {
                        onChange(
                          Object.fromEntries(Object.entries(countries).filter(([each]) => each !== code)),
                        );
                      }}
                    >
                      <Trash2 size={14} aria-hidden />
                    </IconButton>
                  </Td>
                )}
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
      {mayChange && (
        <NewException
          always={always}
          onAdd={(code, said) => {
            onChange({ ...countries, [code]: said });
          }}
        />
      )}
    </>
  );
}

interface NewExceptionProps {
  always: readonly string[];
  onAdd: (code: string, said: "granted" | "refused") => void;
}

function NewException({ always, onAdd }: NewExceptionProps) {
  const [code, setCode] = useState("");
  const [said, setSaid] = useState<"granted" | "refused">("refused");
  const typed = code.trim().toUpperCase();
  const fixed = always.includes(typed);
  const known = /^[A-Z]{2}$/.test(typed);
  return (
    <div className="flex flex-wrap items-start gap-2 border-t border-line px-4 py-3">
      <div className="w-40">
        <TextField
          label="Another country"
          placeholder="BR"
          maxLength={2}
          autoComplete="off"
          value={code}
          hint={known && !fixed ? countryName(typed) : "Its two letters, such as BR"}
          error={fixed ? "There silence is always a no." : undefined}
          onChange={(event) => {
            setCode(event.target.value);
          }}
        />
      </div>
      <div className="w-40">
        <SelectField
          label="There silence is"
          value={said}
          onChange={(event) => {
            setSaid(event.target.value as "granted" | "refused");
          }}
        >
          <option value="refused">a no</option>
          <option value="granted">a yes</option>
        </SelectField>
      </div>
      <Button
        className="mt-6"
        disabled={!known || fixed}
        onClick={() => {
          onAdd(typed, said);
          setCode("");
        }}
      >
        Add
      </Button>
    </div>
  );
}
