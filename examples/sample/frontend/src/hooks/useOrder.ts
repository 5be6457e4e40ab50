import { useCallback, useEffect, useState } from "react";

import { fetchOrder, OrderView, payOrder } from "../api";

const REFRESH_MS = 15_000;

export function useOrder(id: number) {
  const [order, setOrder] = useState<OrderView | null>(null);

  const refresh = useCallback(async () => {
    setOrder(await fetchOrder(id));
  }, [id]);

  useEffect(() => {
    void refresh();
    const timer = setInterval(refresh, REFRESH_MS);
    return () => clearInterval(timer);
  }, [refresh]);

  async function pay() {
    if (await payOrder(id)) {
      await refresh();
    }
  }

  return { order, pay };
}
