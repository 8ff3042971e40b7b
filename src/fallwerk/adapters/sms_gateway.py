"""
Handing text messages to a gateway over HTTP.

`POST` of `{"id","to","text"}` with a bearer token; 2xx takes the message over, and the id lets the gateway notice one
that comes twice after a crash.
"""

from typing import Final

import httpx

from fallwerk.domain.mail.model import Letter, MailOutcome, Message

TIMEOUT: Final = "timeout"
CONNECT_FAILED: Final = "connect failed"
LATER: Final = frozenset({401, 403, 404, 408, 425, 429})
"""Refusals that an operator or time can mend; the others of 4xx mean this very message."""
REFUSED: Final = range(400, 500)


class SmsGateway:
    """
    Sends text messages through one gateway.

    Args:
        token: Bearer token; empty: none is sent.
        timeout_s: Seconds that one call may take.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = 10.0) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._url = url
        self._client = httpx.AsyncClient(headers=headers, timeout=timeout_s, trust_env=False)

    async def carry(self, message: Message, letter: Letter) -> MailOutcome:
        """Send one text message; see `domain.mail.ports.Carrier`."""
        # S-19 lets numbers be written in groups.
        number = "".join(sign for sign in message.to if sign.isdigit() or sign == "+")
        content = {"id": str(message.message_id), "to": number, "text": letter.text}
        try:
            response = await self._client.post(self._url, json=content)
        except httpx.TimeoutException:
            return MailOutcome(TIMEOUT)
        except httpx.HTTPError:
            return MailOutcome(CONNECT_FAILED)
        if response.is_success:
            return MailOutcome()
        code = response.status_code
        return MailOutcome(f"refused ({code})", final=code in REFUSED and code not in LATER)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
