import type { SyntheticEvent } from "react";
import type { Shop } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField, TextField } from "@/design/field";
import { fieldsOf, FormError, formText } from "@/design/form";
import { useChangeShop } from "./queries";

/** How a shop's orders are told beside those that its own events tell. */
export function TellingForm({ shop, onDone }: { shop: Shop; onDone: () => void }) {
  const change = useChangeShop(shop);
  const errors = fieldsOf(change.error);
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    change.mutate(
      {
        order_reference: formText(form, "reference") as Shop["order_reference"],
        wait_minutes: Number(formText(form, "wait")),
        customer_ids: formText(form, "customers") === "yes",
      },
      { onSuccess: onDone },
    );
  };
  return (
    <form onSubmit={submit} className="space-y-4">
      <SelectField
        label="Your shop’s own events call an order by"
        name="reference"
        defaultValue={shop.order_reference}
        hint="What stands in their order_id. One that they have told is not told again, whichever it is."
      >
        <option value="id">Its id</option>
        <option value="name">Its name</option>
      </SelectField>
      <TextField
        label="Minutes that an order waits for them"
        name="wait"
        type="number"
        min={0}
        max={1440}
        required
        defaultValue={shop.wait_minutes}
        error={errors["wait_minutes"]}
        hint="They know the click that brought the buyer. Without any such events, choose 0."
      />
      <SelectField
        label="The shop’s customer ids"
        name="customers"
        defaultValue={shop.customer_ids ? "yes" : "no"}
        hint="A person has one user id: choose this only where your events name the same."
      >
        <option value="no">Are not what your events call users by</option>
        <option value="yes">Are the user ids of your events</option>
      </SelectField>
      <FormError error={change.error} />
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" tone="primary" busy={change.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}
