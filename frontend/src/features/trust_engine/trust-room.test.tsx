import { screen } from "@testing-library/react";
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
