/** `increase_budget` reads as "Increase budget", `emq` and its like, and names, keep their capitals. */
const ACRONYMS: Readonly<Record<string, string>> = {
  emq: "EMQ",
  api: "API",
  cdp: "CDP",
  roas: "ROAS",
  cpa: "CPA",
  ctr: "CTR",
  cpc: "CPC",
  mfa: "MFA",
  id: "id",
  aov: "AOV",
  pct: "%",
  ok: "OK",
  tiktok: "TikTok",
  hubspot: "HubSpot",
  crm: "CRM",
};

/** The signals, as the sentences about them name them. */
const SIGNALS: Readonly<Record<string, string>> = {
  emq: "Event match quality",
  variance: "Agreement with orders",
  event_loss: "Event delivery",
  api_health: "Platform connection",
  anomaly: "Forecast",
  cdp_quality: "First-party data quality",
};

export function words(name: string): string {
  const known = SIGNALS[name.toLowerCase()];
  if (known !== undefined) return known;
  const parts = name
    .split(/[_.\s]+/)
    .filter((part) => part !== "")
    .map((part) => ACRONYMS[part.toLowerCase()] ?? part.toLowerCase());
  const [first = "", ...rest] = parts;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(" ");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${new Intl.NumberFormat().format(count)} ${count === 1 ? one : many}`;
}
