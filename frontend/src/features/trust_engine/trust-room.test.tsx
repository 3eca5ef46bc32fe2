import { fireEvent, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { component, health, quietTenant } from "@/testing/fixtures";

test("health falls on the page when it falls on the server", async () => {
  const { server, stream } = quietTenant();
  open("/trust");
  expect(await screen.findByRole("meter", { name: "Signal health" })).toHaveAttribute("aria-valuenow", "86");
  server.on("GET /trust/health", {
    ...health({ score: 39, status: "critical", mode: "frozen", capped_by: "event_loss" }),
    accounts: [],
  });
  stream.say("9-0", "emq_update", { score: 39 });
  expect(await screen.findByText("Event delivery")).toBeVisible();
  expect(screen.getByRole("meter", { name: "Signal health" })).toHaveAttribute("aria-valuenow", "39");
});

test("what was never measured has not started; it is not said to be frozen", async () => {
  const { server } = quietTenant();
  server.on("GET /trust/health", {
    ...health({ score: null, status: "unknown", mode: "frozen", evaluated_at: null, expires_at: null }),
    accounts: [],
  });
  open("/trust");
  expect(await screen.findAllByText("Not started")).toHaveLength(2);
  expect(screen.queryByText("Frozen")).toBeNull();
});

test("the scale has the thresholds of the policy in force", async () => {
  const { server } = quietTenant();
  server.on("GET /trust/policies/current", {
    version: 2,
    created_at: null,
    created_by: null,
    note: "Stricter.",
    document: { version: 2, thresholds: { high: 92, standard: 85, conservative: 65, cut: 45 } },
  });
  open("/trust");
  const opens = await screen.findByRole("list", { name: "What the score opens" });
  await expect
    .poll(() => [...opens.children].map((each) => each.textContent))
    .toEqual([
      "cutsopen, needs 45",
      "conservativeopen, needs 65",
      "standardopen, needs 85",
      "raisesclosed, needs 92",
    ]);
});

test("an unknown component has no score, and says why", async () => {
  const { server } = quietTenant();
  server.on("GET /trust/health", {
    ...health({
      score: null,
      components: [
        component({ name: "anomaly", state: "unknown", score: null, reason: "8 days of history." }),
      ],
    }),
    accounts: [],
  });
  open("/trust");
  expect(await screen.findByText("Unknown: 8 days of history.")).toBeInTheDocument();
  expect(screen.queryByRole("meter")).toBeNull();
  expect(screen.getByRole("img", { name: /Signal health: unknown/ })).toBeInTheDocument();
});

test("a gap in the stream refreshes everything", async () => {
  const { server, stream } = quietTenant();
  open("/trust");
  await screen.findByText("The gate has not been asked yet.");
  const before = server.asked("GET /trust/gate/decisions").length;
  stream.say("9-0", "resync", {});
  await expect.poll(() => server.asked("GET /trust/gate/decisions").length).toBeGreaterThan(before);
});

test("a link shows what was decided in an hour on an account, and another hour changes the link", async () => {
  const { server } = quietTenant();
  const urls: string[] = [];
  server.on("GET /trust/gate/decisions", (request) => {
    urls.push(request.url);
    return { items: [], next_cursor: null, limit: 50 };
  });
  const { router, user } = open(
    "/trust?account=a1&since=2026-03-01T02:00:00Z&until=2026-03-01T03:00:00Z#decisions",
  );
  await screen.findByText("No such decision was found.");
  const asked = () => new URL(urls.at(-1) ?? "").searchParams;
  expect(asked().get("ad_account_id")).toBe("a1");
  expect(asked().get("since")).toBe("2026-03-01T02:00:00.000Z");
  expect(asked().get("until")).toBe("2026-03-01T03:00:00.000Z");
  await user.click(screen.getByRole("button", { name: "Any time" }));
  expect(await screen.findByText("The gate has not been asked yet.")).toBeVisible();
  const from = screen.getByLabelText("Decided from, your time");
  fireEvent.change(from, { target: { value: "2026-03-01T04:30" } });
  fireEvent.blur(from);
  const meant = new Date("2026-03-01T04:30").toISOString();
  await expect.poll(() => asked().get("since")).toBe(meant);
  expect(router.state.location.search).toMatchObject({ account: "a1", since: meant });
});

test("a time without its zone is no time that a link can tell", async () => {
  quietTenant();
  const { router } = open("/trust?since=2026-03-01T02:00");
  await screen.findByText("The gate has not been asked yet.");
  expect(router.state.location.search).toEqual({});
});
