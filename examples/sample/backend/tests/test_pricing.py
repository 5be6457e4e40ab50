from shop.models import Item, Order
from shop.pricing import discount, price, shipping


def make_order(*items: Item) -> Order:
    return Order(1, "ada@example.org", list(items))


def test_small_orders_pay_shipping() -> None:
    assert shipping(make_order(Item("pen", 2.5))) == 4.9


def test_large_orders_are_discounted() -> None:
    order = make_order(Item("desk", 300.0))
    assert discount(order) == 45.0
    assert price(order) == 303.45
