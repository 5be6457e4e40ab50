"""What one can do with an order."""

import logging
from collections.abc import Callable

from shop import pricing
from shop.config import MAX_ITEMS_PER_ORDER, Settings
from shop.models import Item, Order, OrderState
from shop.repository import OrderRepository

logger = logging.getLogger(__name__)

Charge = Callable[[str, float, float], bool]


class TooManyItems(ValueError):
    """An order is full."""


class OrderService:
    def __init__(self, repository: OrderRepository, charge: Charge, settings: Settings) -> None:
        self.repository = repository
        self.charge = charge
        self.settings = settings

    def add_item(self, order_id: int, item: Item) -> Order:
        order = self.repository.get(order_id)
        if len(order.items) >= MAX_ITEMS_PER_ORDER:
            raise TooManyItems(order_id)
        order.items.append(item)
        self.repository.save(order)
        return order

    def pay(self, order_id: int) -> bool:
        order = self.repository.get(order_id)
        if not order.is_payable():
            return False
        amount = pricing.price(order)
        if not self.charge(order.customer_email, amount, self.settings.payment_timeout_s):
            logger.warning("payment of order %s was declined", order_id)
            return False
        self._close(order, OrderState.PAID)
        return True

    def cancel(self, order_id: int) -> None:
        self._close(self.repository.get(order_id), OrderState.CANCELLED)

    def _close(self, order: Order, state: OrderState) -> None:
        order.state = state
        self.repository.save(order)
