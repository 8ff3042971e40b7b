"""A server whose blobs lie in an S3-compatible store: coupons go there and leave with their case (C-05, D-50)."""

import base64
import re

import httpx
import pytest

from tests.api.conftest import deploy
from tests.support.s3 import BUCKET, s3_store
from tests.support.scr import refused, started

DAY_S = 24 * 3600


def sizes(s3: dict[str, str]) -> list[int]:
    """Sizes of the objects; what they hold is looked at where they lie in a folder."""
    listed = httpx.get(f"{s3['AWS_ENDPOINT_URL']}/{BUCKET}?list-type=2&prefix=served/", timeout=30, trust_env=False)
    listed.raise_for_status()
    objects = re.findall(r"<Contents>.*?</Contents>", listed.text, re.DOTALL)
    return [int(re.search(r"<Size>(\d+)</Size>", found)[1]) for found in objects if "/probe/" not in found]


@pytest.mark.req("C-05", "D-50", "S-60")
def test_a_coupon_lies_in_the_object_store_and_leaves_with_its_case(databases, tmp_path_factory):
    with s3_store() as s3:
        env = {**s3, "BLOB_URL": f"s3://{BUCKET}/served"}
        with deploy(databases, tmp_path_factory, "sqlite", env) as server:
            assert server.http.get("/readyz").status_code == 200
            account = server.account(couponActive=True, validityDays=1, retentionDays=1)
            case_id = started(account)
            path = f"/cases/{case_id}/piCouponByFile"
            document = base64.b64decode(account.request("POST", path).json()["documentData"])
            (size,) = sizes(s3)
            assert size > len(document)
            server.advance(2 * DAY_S + 3700)
            assert sizes(s3) == []
            assert refused(account.request("POST", path), 404)[0]["errorcode"] == "90011"
            assert server.sandbox("POST", "/reset").status_code == 200


@pytest.mark.req("S-80", "S-36")
def test_an_object_store_that_stops_is_unavailable_and_nothing_is_promised(databases, tmp_path_factory):
    with s3_store() as s3:
        env = {**s3, "BLOB_URL": f"s3://{BUCKET}/served"}
        stack = deploy(databases, tmp_path_factory, "sqlite", env)
        server = stack.__enter__()
    try:
        account = server.account(couponActive=True)
        case_id = started(account)
        assert account.get("/alive").json() == {"status": "NOK"}
        answer = account.request("POST", f"/cases/{case_id}/piCouponByFile")
        assert refused(answer, 503)[0]["key"] == "system"
    finally:
        stack.__exit__()
