"""The HTTP interface."""

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel

from shop.config import load_settings
from shop.models import Item
from shop.orders import OrderService, TooManyItems
from shop.payments import charge
from shop.pricing import price
from shop.repository import OrderNotFound, OrderRepository

app = FastAPI(title="shop")


class ItemIn(BaseModel):
    sku: str
    unit_price: float
    quantity: int = 1


def get_service() -> OrderService:
    settings = load_settings()
    return OrderService(OrderRepository(settings.database), charge, settings)


@app.get("/orders/{order_id}")
async def read_order(order_id: int, service: OrderService = Depends(get_service)) -> dict:
    try:
        order = service.repository.get(order_id)
    except OrderNotFound:
        raise HTTPException(status_code=404)
    return {"id": order.id, "state": order.state.value, "price": price(order)}


@app.post("/orders/{order_id}/items")
async def add_item(order_id: int, item: ItemIn, service: OrderService = Depends(get_service)) -> dict:
    try:
        order = service.add_item(order_id, Item(item.sku, item.unit_price, item.quantity))
    except TooManyItems:
        raise HTTPException(status_code=409)
    return {"items": len(order.items)}


@app.post("/orders/{order_id}/payment")
async def pay(order_id: int, service: OrderService = Depends(get_service)) -> dict:
    return {"paid": service.pay(order_id)}
