/** The shop's HTTP interface. */

export interface OrderView {
  id: number;
  state: "open" | "paid" | "cancelled";
  price: number;
}

const API_URL = import.meta.env.VITE_API_URL ?? "http://localhost:8000";
export const RETRY_LIMIT = 3;

export class ApiError extends Error {
  constructor(readonly status: number) {
    super(`the shop answered ${status}`);
  }
}

async function request<T>(path: string, init?: RequestInit): Promise<T> {
  const response = await fetch(`${API_URL}${path}`, init);
  if (!response.ok) {
    throw new ApiError(response.status);
  }
  return (await response.json()) as T;
}

export function fetchOrder(id: number): Promise<OrderView> {
  return request<OrderView>(`/orders/${id}`);
}

export async function payOrder(id: number): Promise<boolean> {
  const answer = await request<{ paid: boolean }>(`/orders/${id}/payment`, { method: "POST" });
  return answer.paid;
}
