const CURRENCY = "EUR";
const LOCALE = "de-DE";

const money = new Intl.NumberFormat(LOCALE, { style: "currency", currency: CURRENCY });

export const formatPrice = (amount: number): string => money.format(amount);

export default function formatOrderTitle(id: number): string {
  return `Order ${String(id).padStart(6, "0")}`;
}
