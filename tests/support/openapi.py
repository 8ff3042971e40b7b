"""Holding answers against an interface description."""

from dataclasses import dataclass
from typing import Any, Final

import httpx
from openapi_schema_validator import OAS31Validator

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"


@dataclass(frozen=True)
class Described:
    """One operation of a document."""

    document: dict[str, Any]
    path: str
    method: str
    operation: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.operation["operationId"])

    @property
    def statuses(self) -> list[int]:
        return sorted(int(status) for status in self.operation["responses"])

    def check(self, response: httpx.Response, status: int) -> None:
        """Assert that an answer is what the document promises for this status: headers, media type, body."""
        assert response.status_code == status, f"{response.status_code} instead of {status}: {response.text[:500]}"
        promised = self.operation["responses"][str(status)]
        for header, described in promised.get("headers", {}).items():
            value = response.headers.get(header)
            assert value is not None or not described.get("required"), f"the header {header} is missing"
            if value is not None:
                self.validate(described["schema"], value)
        media_type = response.headers["content-type"].partition(";")[0]
        assert media_type in promised["content"], f"{media_type} is not described"
        body = response.json() if media_type in {JSON, PROBLEM} else response.text
        self.validate(promised["content"][media_type]["schema"], body)

    def validate(self, schema: dict[str, Any], value: object) -> None:
        """Assert that a value fits a schema of the document."""
        whole = {**schema, "components": self.document["components"]}
        faults = [error.message for error in OAS31Validator(whole, format_checker=FORMATS).iter_errors(value)]
        assert not faults, faults


FORMATS: Final = OAS31Validator.FORMAT_CHECKER


def operations_of(document: dict[str, Any]) -> list[Described]:
    """List a document's operations."""
    return [
        Described(document, path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
