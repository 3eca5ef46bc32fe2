import { screen, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { open } from "@/testing/app";
import { killSwitch, quietTenant } from "@/testing/fixtures";

const FROZEN = killSwitch("The pixel is dead");

test("it is pressed from the keyboard alone, with a reason, and everything says frozen", async () => {
  const { server } = quietTenant();
  server.on("POST /autopilot/kill-switch", () => {
    server.on("GET /autopilot/kill-switch", FROZEN);
    return FROZEN;
  });
  const { user } = open("/autopilot");
  const button = await screen.findByRole("button", { name: "Kill switch" });
  button.focus();
  await user.keyboard("{Enter}");
  expect(await screen.findByRole("dialog")).toBeVisible();
  expect(server.asked("POST /autopilot/kill-switch")).toHaveLength(0);
  screen.getByLabelText("Reason").focus();
  await user.keyboard("The pixel is dead{Enter}");
  expect(await screen.findByText("Frozen.")).toBeVisible();
  expect(screen.getByText(/“The pixel is dead”/)).toBeVisible();
  expect(server.asked("POST /autopilot/kill-switch")[0]?.body).toEqual({
    engaged: true,
    reason: "The pixel is dead",
  });
});

test("it wants a reason", async () => {
  const { server } = quietTenant();
  const { user } = open("/autopilot");
  await user.click(await screen.findByRole("button", { name: "Kill switch" }));
  const dialog = within(await screen.findByRole("dialog"));
  expect(dialog.getByRole("button", { name: "Freeze everything" })).toBeDisabled();
  await user.keyboard("   {Enter}");
  expect(server.asked("POST /autopilot/kill-switch")).toHaveLength(0);
});

test("somebody else's freeze shows at once, on every page", async () => {
  const { server, stream } = quietTenant();
  open("/");
  expect(await screen.findByText("Nothing waits for you.")).toBeVisible();
  expect(screen.queryByText("Frozen.")).toBeNull();
  server.on("GET /autopilot/kill-switch", FROZEN);
  stream.say("9-0", "autopilot_mode_change", { mode: "frozen" });
  expect(await screen.findByText("Frozen.")).toBeVisible();
  expect(screen.getByText("The autopilot’s mode is now Frozen.")).toBeInTheDocument();
});

test("what had left for a platform is named, each with where it can be followed", async () => {
  const { server } = quietTenant();
  server.on("GET /autopilot/kill-switch", {
    ...FROZEN,
    in_flight: [
      { kind: "action", id: "a-1", entity_name: "Broad DE", state: "executing" },
      { kind: "draft", id: "d-1", entity_name: "Spring sale", state: "publishing" },
    ],
  });
  open("/");
  const action = await screen.findByRole("link", { name: "Broad DE" });
  expect(action).toHaveAttribute("href", "/autopilot/actions/a-1");
  expect(screen.getByRole("link", { name: "Spring sale" })).toHaveAttribute("href", "/campaigns/drafts/d-1");
});
