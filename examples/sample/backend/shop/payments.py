"""The payment provider."""

import json
import os
import time
import urllib.request

MAX_ATTEMPTS = 3
BACKOFF_S = 0.5


def charge(email: str, amount: float, timeout_s: float) -> bool:
    """Charge a customer, trying again while the provider is busy."""
    for attempt in range(MAX_ATTEMPTS):
        status = _post({"email": email, "amount": amount}, timeout_s)
        if status != 503:
            return status == 200
        time.sleep(BACKOFF_S * 2**attempt)
    return False


def _post(body: dict, timeout_s: float) -> int:
    request = urllib.request.Request(
        os.environ.get("PAYMENT_URL", "http://localhost:9000/charges"),
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {os.environ['PAYMENT_TOKEN']}"},
    )
    with urllib.request.urlopen(request, timeout=timeout_s) as response:
        return response.status
