"""Orders in the database."""

import json
import sqlite3

from shop.models import Item, Order, OrderState


class OrderNotFound(LookupError):
    """No order has this id."""


class OrderRepository:
    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path)

    def get(self, order_id: int) -> Order:
        row = self._connection.execute(
            "SELECT id, customer_email, items, state FROM orders WHERE id = ?", (order_id,)
        ).fetchone()
        if row is None:
            raise OrderNotFound(order_id)
        return self._to_order(row)

    def save(self, order: Order) -> None:
        items = json.dumps([vars(item) for item in order.items])
        with self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO orders (id, customer_email, items, state) VALUES (?, ?, ?, ?)",
                (order.id, order.customer_email, items, order.state.value),
            )

    @staticmethod
    def _to_order(row: tuple[int, str, str, str]) -> Order:
        items = [Item(**item) for item in json.loads(row[2])]
        return Order(row[0], row[1], items, OrderState(row[3]))
