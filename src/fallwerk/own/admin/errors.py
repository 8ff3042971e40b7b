"""How callers of the admin API hear of the domain's facts."""

from typing import Final

from fallwerk.dialects.problem import ErrorTable, PointedFault, Problem, Wire, bad_request
from fallwerk.domain.account.errors import (
    ClientIdMalformed,
    ClientIdTaken,
    ClientUnknown,
    KeysFromEnvironment,
    SettingsRefused,
)
from fallwerk.domain.customer.errors import BrokerSettingsRefused, BrokerUnknown, CustomerUnknown, UserIdTaken
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.idempotency import IdempotencyKeyReused
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.loancase.errors import (
    DocumentUnknown,
    LoanCaseDeleted,
    LoanCaseNumberMalformed,
    LoanCaseNumberTaken,
    LoanCaseUnknown,
    OwnerNeeded,
)
from fallwerk.domain.partner.errors import (
    FieldsRefused,
    OAuthClientTaken,
    OAuthClientUnknown,
    ParentUnknown,
    PartnerLoop,
    PartnerTaken,
    PartnerUnknown,
)
from fallwerk.domain.staff.errors import HomeUnknown, StaffRefused, StaffUnknown, UsernameTaken
from fallwerk.own.admin import brokers
from fallwerk.own.admin.mapping import pointed, pointed_fields
from fallwerk.own.admin.staff import staff_refused

BAD_CLIENT_ID: Final = PointedFault("/clientId", "A client id has 1 to 16 characters 0-9A-Z.")
BAD_LOAN_CASE_NUMBER: Final = PointedFault("/vorgangsnummer", "A Vorgangsnummer has six characters 0-9A-Z.")
UNAVAILABLE: Final = "The store is not available right now; nothing was changed."


def settings_refused(error: SettingsRefused) -> Problem:
    """List every setting that cannot be used."""
    return bad_request(pointed(error.faults))


def fields_refused(error: FieldsRefused) -> Problem:
    """List every value of a partner or an OAuth client that cannot be used."""
    return bad_request(pointed_fields(error.faults))


def broker_settings_refused(error: BrokerSettingsRefused) -> Problem:
    """List every setting of a broker that cannot be used."""
    return bad_request(brokers.pointed(error.faults))


WIRE: Final[ErrorTable] = {
    ClientUnknown: Wire(404, "There is no client with this id."),
    ClientIdTaken: Wire(409, "Another client has this id."),
    ClientIdMalformed: lambda _: bad_request([BAD_CLIENT_ID]),
    SettingsRefused: settings_refused,
    PartnerUnknown: Wire(404, "There is no partner with this id."),
    ParentUnknown: lambda _: bad_request([PointedFault("/parentId", "There is no partner with this id.")]),
    PartnerTaken: Wire(409, "Another partner has this id."),
    PartnerLoop: Wire(409, "A partner cannot stand below itself."),
    OAuthClientUnknown: Wire(404, "There is no OAuth client with this id."),
    OAuthClientTaken: Wire(409, "Another OAuth client has this id."),
    FieldsRefused: fields_refused,
    BrokerUnknown: Wire(404, "There is no broker with this user id."),
    UserIdTaken: Wire(409, "Another broker has this user id."),
    BrokerSettingsRefused: broker_settings_refused,
    CustomerUnknown: Wire(404, "The broker has no customer with this id."),
    LoanCaseUnknown: Wire(404, "There is no Vorgang with this number."),
    LoanCaseDeleted: Wire(410, "The Vorgang is deleted."),
    LoanCaseNumberTaken: Wire(409, "Another Vorgang has this number."),
    LoanCaseNumberMalformed: lambda _: bad_request([BAD_LOAN_CASE_NUMBER]),
    OwnerNeeded: lambda _: bad_request([PointedFault("/partnerId", "A Vorgang needs a partner.")]),
    DocumentUnknown: Wire(404, "The Vorgang has no document with this SHA-256."),
    CaseUnknown: Wire(404, "There is no delivery case with this id."),
    IllegalStep: Wire(409, "The order is released already, or its case is closed."),
    IdempotencyKeyReused: Wire(422, "The idempotency key was used with another request."),
    StaffUnknown: Wire(404, "There is no user with this name."),
    UsernameTaken: Wire(409, "Another user has this name."),
    HomeUnknown: lambda _: bad_request([PointedFault("/home", "There is no such SCR client, partner or broker.")]),
    StaffRefused: staff_refused,
    KeysFromEnvironment: Wire(409, "The master keys come from the environment; put the new one in front there."),
    StoreUnavailable: Wire(503, UNAVAILABLE, retry_after_s=1),
}
