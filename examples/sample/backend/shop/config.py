"""Settings of the service, from the environment."""

import os
from dataclasses import dataclass

DEFAULT_CURRENCY = "EUR"
MAX_ITEMS_PER_ORDER = 50
LEGACY_PAGE_SIZE = 25  # nothing reads it any more


@dataclass(frozen=True)
class Settings:
    database: str
    currency: str
    payment_timeout_s: float
    debug: bool


def load_settings() -> Settings:
    return Settings(
        database=os.environ["SHOP_DATABASE"],
        currency=os.environ.get("SHOP_CURRENCY", DEFAULT_CURRENCY),
        payment_timeout_s=float(os.getenv("PAYMENT_TIMEOUT_S", "10")),
        debug=os.getenv("SHOP_DEBUG") == "1",
    )
