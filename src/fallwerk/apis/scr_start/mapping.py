"""Start request and answer ↔ the domain; pure functions."""

import orjson

from fallwerk.dialects.scr.ordermapping import to_order
from fallwerk.kit.clock import berlin_seconds

__all__ = ["to_order", "to_response"]


def to_response(
    case_id: str, valid_until_us: int, *, public_base_url: str, ios_scheme: str, package_name: str
) -> bytes:
    """
    Render the 201 body as UTF-8 JSON.

    Source: S-30, S-32, S-33.

    Args:
        public_base_url: Where people reach this system, with or without a slash at its end.
        ios_scheme: The app's URL scheme without colon; both platforms use it.
    """
    app = {"caseUrlScheme": f"{ios_scheme}://cases/{case_id}", "packageName": package_name}
    return orjson.dumps(
        {
            "caseId": case_id,
            "validUntil": berlin_seconds(valid_until_us),
            "webStart": {"caseURL": f"{public_base_url.rstrip('/')}/identportal/?vorgangsnummer={case_id}"},
            "iosStart": app,
            "androidStart": app,
        },
    )
