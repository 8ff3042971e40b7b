"""The keys that sign access tokens; private parts sealed."""

from typing import TYPE_CHECKING, Final

from sqlalchemy import delete, insert, select

from fallwerk.domain.signing.model import KeyPair, SigningKey
from fallwerk.store.loan_tables import signing_key
from fallwerk.store.tables import id_block

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_k: Final = signing_key.c


class SigningKeys:
    """See `domain.signing.model.SigningKeyRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def keys(self) -> tuple[SigningKey, ...]:
        """Return all keys, those that end first in front."""
        found = self._unit.execute(select(signing_key).order_by(_k.signs_until_us, _k.key_id)).all()
        return tuple(
            SigningKey(
                KeyPair(
                    row.key_id, self._unit.sealer.open(bytes(row.private_sealed), _context(row.key_id)), row.public_jwk
                ),
                row.created_us,
                row.signs_until_us,
                row.verifies_until_us,
            )
            for row in found
        )

    def lock(self) -> None:
        """Let nobody else add a key before the transaction ends; SQLite has one writer anyway."""
        # The first key has no row that could be locked before it is there.
        self._unit.execute(select(id_block.c.name).where(id_block.c.name == "row").with_for_update())

    def add(self, key: SigningKey) -> None:
        """Store a key."""
        values = {
            "key_id": key.pair.key_id,
            "private_sealed": self._unit.sealer.seal(key.pair.private_pem, _context(key.pair.key_id)),
            "public_jwk": key.pair.public_jwk,
            "created_us": key.created_us,
            "signs_until_us": key.signs_until_us,
            "verifies_until_us": key.verifies_until_us,
        }
        self._unit.execute(insert(signing_key), values)

    def expire(self, now_us: int) -> None:
        """Delete keys that no token needs any more."""
        self._unit.execute(delete(signing_key).where(_k.verifies_until_us <= now_us))


def _context(key_id: str) -> bytes:
    return f"signing key|{key_id}".encode()
