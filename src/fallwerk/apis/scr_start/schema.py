"""
Wire shapes of starting a case.

The order data itself stands in `dialects/scr/orderdata.py`, because delivery orders carry the same.
"""

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core.core_schema import NullableSchema

from fallwerk.dialects.scr.checking import BODY, NOT_AN_OBJECT
from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.dialects.scr.fields import WebhookRefusal
from fallwerk.dialects.scr.openapi_schemas import NOT_PROVIDED
from fallwerk.dialects.scr.orderdata import OrderData, check_order
from fallwerk.kit.jsonio import JsonFault, is_blank, read_json

__all__ = [
    "CouponResponse",
    "OrderData",
    "StartResponse",
    "check_order",
    "read_order",
    "refuse_content",
    "request_schema",
    "response_schema",
]

WRAPPER: Final = "orderData"
NO_CONTENT: Final = "This call takes no body."
_BERLIN_SECONDS: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[+-][0-9]{2}:[0-9]{2}$"
REF_TEMPLATE: Final = "#/components/schemas/{model}"


class WebStart(BaseModel):
    """Start and restart in a browser."""

    caseURL: str


class AppStart(BaseModel):
    """Start and restart in the app of a platform."""

    caseUrlScheme: str
    packageName: str


class StartResponse(BaseModel):
    """The 201 body (S-30)."""

    model_config = ConfigDict(extra="forbid")

    caseId: str = Field(pattern="^[0-9A-Z]{12}$")
    validUntil: str = Field(pattern=_BERLIN_SECONDS, json_schema_extra={"format": "date-time"})
    webStart: WebStart
    iosStart: AppStart
    androidStart: AppStart


class CouponResponse(BaseModel):
    """The 201 body of a new coupon (S-60)."""

    model_config = ConfigDict(extra="forbid")

    couponId: str = Field(pattern="^[0-9]+$")
    caseId: str = Field(pattern="^[0-9A-Z]{12}$")
    validUntil: str = Field(pattern=_BERLIN_SECONDS, json_schema_extra={"format": "date-time"})
    referenceId: str = Field(pattern="^[0-9A-Za-z._-]{1,14}$")
    accountingNumber: str = Field(description="Empty if the account has none.")
    couponFileType: Literal["printable", "dmc_v2"]
    contentType: Literal["application/pdf"]
    mimeType: Literal["application/pdf"] = Field(description="The same as `contentType`.")
    fileName: str = Field(description="`<caseId>_pi-coupon_<couponFileType>.pdf`")
    fileSize: int = Field(ge=1, description="Of the decoded document, in bytes.")
    documentData: str = Field(pattern="^[A-Za-z0-9+/]+={0,2}$", description="The PDF, base64.")


def refuse_content(body: bytes) -> None:
    """
    Refuse every body that says something: no body, white space, `{}` and `null` say nothing.

    Source: S-68.

    Raises:
        BadRequest: anything else.
    """
    if is_blank(body):
        return
    try:
        value = read_json(body)
    except JsonFault as fault:
        raise BadRequest(Fault(BODY, fault.message)) from None
    if value is not None and value != {}:
        raise BadRequest(Fault(BODY, NO_CONTENT))


def read_order(body: bytes, *, webhook_refusal: WebhookRefusal | None = None) -> OrderData:
    """
    Read the body of a start request; an empty one is an order without data.

    Source: S-05 to S-25, S-34, S-35; decisions 1, 4, 34.

    Raises:
        BadRequest: a body unusable as a whole is the only fault, under key `body`; otherwise every field's fault.
    """
    if is_blank(body):
        return OrderData()
    try:
        value = read_json(body)
    except JsonFault as fault:
        raise BadRequest(Fault(BODY, fault.message)) from None
    if not isinstance(value, dict):
        raise BadRequest(Fault(BODY, NOT_AN_OBJECT))
    if len(value) == 1 and WRAPPER in value:
        # decisions.md 4: the text puts the five objects into OrderData, the sample at the top.
        value = value[WRAPPER]
        if not isinstance(value, dict) and value is not None and value != "":
            raise BadRequest(Fault(WRAPPER, NOT_AN_OBJECT))
    return check_order(value, webhook_refusal=webhook_refusal)


class _NotProvided(GenerateJsonSchema):
    """What may be left off may also be null or an empty string (S-07)."""

    def nullable_schema(self, schema: NullableSchema) -> JsonSchemaValue:
        """Add both to the inner schema."""
        return {"anyOf": [self.generate_inner(schema["schema"]), NOT_PROVIDED]}


def request_schema() -> JsonSchemaValue:
    """JSON Schema of the request body; its parts stand under `$defs`, references lead to `#/components/schemas/`."""
    return OrderData.model_json_schema(ref_template=REF_TEMPLATE, schema_generator=_NotProvided)


def response_schema(model: type[BaseModel] = StartResponse) -> JsonSchemaValue:
    """JSON Schema of a 201 body, parts and references as in `request_schema`."""
    return model.model_json_schema(ref_template=REF_TEMPLATE)
