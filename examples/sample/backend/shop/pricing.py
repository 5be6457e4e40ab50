"""Prices: discounts, taxes, shipping."""

from shop.models import Order

VAT_RATE = 0.19
FREE_SHIPPING_FROM = 60.0
SHIPPING_FEE = 4.9


def discount(order: Order) -> float:
    """Return what a large order saves."""
    subtotal = order.subtotal()
    if subtotal > 250:
        return subtotal * 0.15
    return 0.0


def shipping(order: Order) -> float:
    return 0.0 if order.subtotal() >= FREE_SHIPPING_FROM else SHIPPING_FEE


def price(order: Order) -> float:
    net = order.subtotal() - discount(order) + shipping(order)
    return round_cents(net * (1 + VAT_RATE))


def round_cents(amount: float) -> float:
    return round(amount, 2)
