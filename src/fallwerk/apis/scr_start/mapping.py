"""Requests and answers of START ↔ the domain; pure functions."""

import base64

import orjson

from fallwerk.dialects.scr.ordermapping import to_order
from fallwerk.domain.coupon.model import IssuedCoupon
from fallwerk.kit.clock import berlin_seconds

__all__ = ["to_coupon_response", "to_order", "to_response"]

PDF = "application/pdf"


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


def to_coupon_response(issued: IssuedCoupon) -> bytes:
    """
    Render the 201 body of a new coupon as UTF-8 JSON.

    Source: S-60, S-61; decision 6: the guide's table says `contentType`, its example `mimeType`.
    """
    sheet = issued.sheet
    return orjson.dumps(
        {
            "couponId": str(issued.coupon_id),
            "caseId": sheet.case_id,
            "validUntil": berlin_seconds(sheet.valid_until_us),
            "referenceId": sheet.reference_id,
            "accountingNumber": sheet.accounting_number,
            "couponFileType": issued.file_type,
            "contentType": PDF,
            "mimeType": PDF,
            "fileName": f"{sheet.case_id}_pi-coupon_{issued.file_type}.pdf",
            "fileSize": len(issued.content),
            "documentData": base64.b64encode(issued.content).decode(),
        },
    )
