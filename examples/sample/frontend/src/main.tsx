import { createRoot } from "react-dom/client";

import { OrderCard } from "./components/OrderCard";

function firstOrderId(): number {
  return Number(new URLSearchParams(location.search).get("order") ?? 1);
}

if (import.meta.env.VITE_ANALYTICS_KEY) {
  console.info("analytics are on");
}

createRoot(document.getElementById("root")!).render(<OrderCard id={firstOrderId()} />);
