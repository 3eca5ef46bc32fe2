/** What to paste, for the SDKs that people run already: only the host is ours. */
interface Snippet {
  readonly key: string;
  readonly name: string;
  readonly code: string;
}

export function snippets(origin: string, writeKey: string): readonly Snippet[] {
  const host = origin.replace(/^https?:\/\//, "");
  return [
    {
      key: "browser",
      name: "Browser (npm)",
      code: `import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load(
  { writeKey: "${writeKey}", cdnURL: "${origin}" },
  { integrations: { "Segment.io": { apiHost: "${host}/v1", protocol: "${origin.startsWith("https") ? "https" : "http"}" } } },
);
analytics.page();
analytics.track("Order Completed", { order_id: "1001", revenue: 49.9, currency: "EUR" });`,
    },
    {
      key: "python",
      name: "Python",
      code: `import segment.analytics as analytics  # pip install segment-analytics-python

analytics.write_key = "${writeKey}"
analytics.host = "${origin}"
analytics.track("user-1", "Order Completed", {"order_id": "1001", "revenue": 49.9, "currency": "EUR"})
analytics.flush()`,
    },
    {
      key: "curl",
      name: "curl",
      code: `curl ${origin}/v1/track -u '${writeKey}:' -d '{
  "userId": "user-1",
  "event": "Order Completed",
  "properties": {"order_id": "1001", "revenue": 49.9, "currency": "EUR"}
}'`,
    },
  ];
}
