import type { Purpose } from "@/api/types";

export const PURPOSES: readonly Purpose[] = ["analytics", "ads", "email", "sms", "personalization"];

export const PURPOSE_NAMES: Readonly<Record<Purpose, string>> = {
  analytics: "Analytics",
  ads: "Ads",
  email: "E-mail",
  sms: "SMS",
  personalization: "Personalization",
};

const BECAUSE: Readonly<Record<string, string>> = {
  they_granted: "they said yes",
  they_refused: "they said no",
  global_privacy_control: "their browser’s Global Privacy Control says no",
  silence_in_an_unknown_country: "they said nothing, and their country is not known",
  silence_where_it_is_a_refusal: "they said nothing, which is a no where they live",
  silence_by_the_tenants_policy: "they said nothing: your policy of silence",
};

export const because = (code: string): string => BECAUSE[code] ?? code;

export const SOURCES: Readonly<Record<string, string>> = {
  sdk: "Consent banner",
  gpc: "Global Privacy Control",
  person: "Written down by a person",
};

const regions = new Intl.DisplayNames(undefined, { type: "region" });

export function countryName(code: string): string {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}
