"""The operations of the admin API around staff users (W-04): parse, ask the service, render."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson
from starlette.responses import Response

from fallwerk.dialects.problem import PointedFault, Problem, bad_request
from fallwerk.domain.idempotency import Answer, once
from fallwerk.domain.staff.errors import StaffRefused, StaffUnknown
from fallwerk.domain.staff.model import HomeKind, Role, StaffUser
from fallwerk.domain.staff.permissions import allowed
from fallwerk.domain.staff.ports import Passwords
from fallwerk.domain.staff.rules import normal_username
from fallwerk.domain.staff.service import NewStaff, StaffChange, change_user, create_user, reset_password
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock, utc_text
from fallwerk.kit.ids import new_secret
from fallwerk.own.admin.schema import HomeBody, NewStaffBody, StaffChangeBody, read_body
from fallwerk.own.api import JSON, Call, Operation, json_answer, kept_answer

CREATED: Final = 201
OK: Final = 200


@dataclass(frozen=True, slots=True)
class StaffRoutes:
    """Handlers over the store."""

    store: Transactions
    clock: Clock
    passwords: Passwords

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        one = "staff-users/{username}"
        return (
            Operation("createStaffUser", "POST", "staff-users", self.create, JSON),
            Operation("listStaffUsers", "GET", "staff-users", self.list_users),
            Operation("showStaffUser", "GET", one, self.show),
            Operation("changeStaffUser", "PATCH", one, self.change, JSON),
            Operation("resetStaffPassword", "POST", f"{one}/reset", self.reset),
        )

    async def create(self, call: Call) -> Response:
        """Make a user; the first password is generated and shown this once."""
        body, now_us = read_body(NewStaffBody, call.json()), self.clock.now_us()
        kind, name = _home(body.home)
        new = NewStaff(body.username, body.name, tuple(map(Role, body.roles)), kind, name)
        password = new_secret()
        hashed = await self.passwords.hash(password)

        def create(uow: UnitOfWork) -> Answer:
            user = create_user(uow, new, hashed, actor=call.actor, now_us=now_us)
            return Answer(CREATED, orjson.dumps({**user_json(user), "password": password}))

        return await self._once(call, create, now_us)

    async def list_users(self, _call: Call) -> Response:
        """List all users by username."""
        users = await self.store.read(lambda uow: uow.staff.all())
        return json_answer([user_json(user) for user in users])

    async def show(self, call: Call) -> Response:
        """Show a user."""
        user = await self.store.read(lambda uow: uow.staff.by_username(normal_username(call.parameters["username"])))
        if user is None:
            raise StaffUnknown
        return json_answer(user_json(user))

    async def change(self, call: Call) -> Response:
        """Change name or roles, disable or enable a user; who is disabled is signed out."""
        body = read_body(StaffChangeBody, call.json())
        roles = None if body.roles is None else tuple(map(Role, body.roles))
        change, now_us = StaffChange(body.name, roles, body.active), self.clock.now_us()
        username = call.parameters["username"]
        user = await self.store.write(lambda uow: change_user(uow, username, change, actor=call.actor, now_us=now_us))
        return json_answer(user_json(user))

    async def reset(self, call: Call) -> Response:
        """Give a user a new generated password, shown this once; every session of the user ends."""
        password, now_us = new_secret(), self.clock.now_us()
        hashed = await self.passwords.hash(password)

        def reset(uow: UnitOfWork) -> Answer:
            user = reset_password(uow, call.parameters["username"], hashed, actor=call.actor, now_us=now_us)
            return Answer(OK, orjson.dumps({**user_json(user), "password": password}))

        return await self._once(call, reset, now_us)

    async def _once(self, call: Call, make: Callable[[UnitOfWork], Answer], now_us: int) -> Response:
        """Run a creating use case, once per idempotency key (C-11)."""
        repeated = call.idempotency()
        if repeated is None:
            return kept_answer(await self.store.write(make))
        return kept_answer(
            await self.store.write(lambda uow: once(uow, repeated, now_us=now_us, make=lambda: make(uow)))
        )


def staff_refused(error: StaffRefused) -> Problem:
    """List everything that cannot be used."""
    return bad_request([PointedFault(f"/{fault.name}", fault.message) for fault in error.faults])


def user_json(user: StaffUser) -> dict[str, Any]:
    """Render a user without the password's hash."""
    return {
        "username": user.username,
        "name": user.name,
        "roles": list(user.roles),
        "home": _home_json(user),
        "active": user.active,
        "mustChangePassword": user.must_change,
        "actions": sorted(allowed(user.home.kind, user.roles)),
        "created": utc_text(user.created_us),
    }


def _home_json(user: StaffUser) -> dict[str, str | int] | None:
    if user.home.kind is HomeKind.OPERATOR:
        return None
    if user.home.kind is HomeKind.BROKER:
        return {"broker": int(user.home.name)}
    return {"scrClient" if user.home.kind is HomeKind.SCR else "partner": user.home.name}


def _home(body: HomeBody | None) -> tuple[HomeKind, str]:
    if body is None:
        return HomeKind.OPERATOR, ""
    named = [
        (kind, str(value))
        for kind, value in (
            (HomeKind.SCR, body.scrClient),
            (HomeKind.PARTNER, body.partner),
            (HomeKind.BROKER, body.broker),
        )
        if value is not None
    ]
    if len(named) != 1:
        raise bad_request([PointedFault("/home", "Exactly one of scrClient, partner and broker must be named.")])
    return named[0]
