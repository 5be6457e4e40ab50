"""Reads the orders of the old shop.  Broken on purpose: the merge was never finished."""

import csv

from shop.models import Item, Order


def read_orders(path):
    with open(path) as file:
        return [to_order(row) for row in csv.DictReader(file)]


def to_order(row):
<<<<<<< HEAD
    return Order(int(row["id"]), row["email"], [Item(row["sku"], float(row["price"]))
=======
    return Order(int(row["nr"]), row["mail"], [Item(row["article"], float(row["price"])])
>>>>>>> old-shop
