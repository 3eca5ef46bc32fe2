const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const upToTwo = new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 });
const ratioFormat = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const percentFormat = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 0 });
const changeFormat = new Intl.NumberFormat(undefined, {
  style: "percent",
  maximumFractionDigits: 1,
  signDisplay: "exceptZero",
});

export const integer = (value: number): string => whole.format(value);
export const number = (value: number): string => upToTwo.format(value);
export const ratio = (value: number): string => `${ratioFormat.format(value)}×`;
export const percent = (share: number): string => percentFormat.format(share);
export const change = (before: number, after: number): string =>
  changeFormat.format((after - before) / before);
