import type { RfmCell, Vocabulary } from "@/api/types";
import { CELL_MEANS } from "../traits/words";
import type { Comparison, Rule } from "./conditions";

/** Something to start from: built of what the company really sends, or the reason why it cannot be. */
export interface Template {
  readonly name: string;
  readonly what: string;
  readonly rule: Rule | null;
  /** What is not there; for a template that cannot be built. */
  readonly needs?: string;
}

const ORDERED = /^(order|checkout|purchase|payment)[ _-]?(completed|complete|placed|paid|succeeded)?$/i;
const CARTED =
  /(added? to (cart|basket|bag)|product[ _-]added|cart[ _-](viewed|updated|created)|add_to_cart)/i;
const SUBSCRIBED = /(subscribed|subscription[ _-](started|created)|newsletter|signed[ _-]?up|sign_up)/i;

function named(vocabulary: Vocabulary, pattern: RegExp): string | undefined {
  return vocabulary.events.find(({ name }) => pattern.test(name))?.name;
}

function event(name: string, did: "did" | "did_not", days: number | null): Rule {
  return {
    kind: "event",
    event: name,
    where: [],
    window: days === null ? null : { kind: "last", days },
    test: { op: did },
  };
}

function orders(op: Comparison, value: number): Rule {
  return { kind: "counter", field: "order_count", op, value };
}

function all(...of: readonly Rule[]): Rule {
  return { kind: "all", of };
}

/** Whoever stands in that cell of the last ranking, and follows each one that comes. */
export function templateOfCell(cell: RfmCell): Template & { readonly rule: Rule } {
  return {
    name: cell,
    what: CELL_MEANS[cell],
    rule: all({ kind: "computed", name: "rfm.cell", test: { op: "is", text: cell } }),
  };
}

/** Counts of orders and times are known of everybody; events and money only where they were sent. */
export function templatesFor(vocabulary: Vocabulary): readonly Template[] {
  const cart = named(vocabulary, CARTED);
  const order = named(vocabulary, ORDERED);
  const subscribed = named(vocabulary, SUBSCRIBED);
  return [
    cartLeft(cart, order),
    bigSpenders(vocabulary.currencies[0]),
    {
      name: "Lapsed customers",
      what: "ordered before, but not in the last 90 days",
      rule: all(orders("at_least", 1), {
        kind: "time",
        field: "last_order_at",
        test: { op: "longer_ago_than", days: 90 },
      }),
    },
    {
      name: "Subscribed but never bought",
      what: "on the list, without an order",
      rule: subscribed === undefined ? null : all(event(subscribed, "did", null), orders("equals", 0)),
      needs: "an event such as “Subscribed” or “Signed Up”",
    },
    {
      name: "Repeat customers",
      what: "ordered at least twice",
      rule: all(orders("at_least", 2)),
    },
    {
      name: "New this week",
      what: "first seen in the last 7 days",
      rule: all({ kind: "time", field: "first_seen_at", test: { op: "within_last", days: 7 } }),
    },
    {
      name: "Reachable but quiet",
      what: "with an e-mail address, not seen for 30 days",
      rule: all(
        { kind: "has", identifier: "email" },
        { kind: "time", field: "last_seen_at", test: { op: "longer_ago_than", days: 30 } },
      ),
    },
  ];
}

function cartLeft(cart: string | undefined, order: string | undefined): Template {
  const shared = { name: "Cart left within 3 days", what: "filled a cart, did not order" };
  if (cart === undefined) return { ...shared, rule: null, needs: "an event such as “Product Added”" };
  if (order === undefined) return { ...shared, rule: null, needs: "an event such as “Order Completed”" };
  return { ...shared, rule: all(event(cart, "did", 3), event(order, "did_not", 3)) };
}

function bigSpenders(currency: string | undefined): Template {
  const shared = { name: "Big spenders", what: "paid a lot in all: set how much that is for you" };
  if (currency === undefined) return { ...shared, rule: null, needs: "an order with its value and currency" };
  return {
    ...shared,
    rule: all({ kind: "money", field: "net", currency, op: "at_least", micros: 500_000_000 }),
  };
}
