"""What the shop sells and to whom."""

from dataclasses import dataclass, field
from enum import Enum


class OrderState(Enum):
    OPEN = "open"
    PAID = "paid"
    CANCELLED = "cancelled"


@dataclass
class Item:
    sku: str
    unit_price: float
    quantity: int = 1

    def total(self) -> float:
        return self.unit_price * self.quantity


@dataclass
class Order:
    id: int
    customer_email: str
    items: list[Item] = field(default_factory=list)
    state: OrderState = OrderState.OPEN

    def subtotal(self) -> float:
        return sum(item.total() for item in self.items)

    def is_payable(self) -> bool:
        return self.state is OrderState.OPEN and bool(self.items)
