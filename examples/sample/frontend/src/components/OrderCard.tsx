import formatOrderTitle, { formatPrice } from "../format";
import { useOrder } from "../hooks/useOrder";

interface Props {
  id: number;
}

export function OrderCard({ id }: Props) {
  const { order, pay } = useOrder(id);
  if (order === null) {
    return <p>Loading …</p>;
  }
  return (
    <article>
      <h2>{formatOrderTitle(order.id)}</h2>
      <p>{formatPrice(order.price)}</p>
      {order.state === "open" && <button onClick={() => pay()}>Pay</button>}
    </article>
  );
}
