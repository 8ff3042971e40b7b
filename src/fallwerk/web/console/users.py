"""Users of the console: who there is, with which roles; made, changed, disabled, reset (W-04)."""

from typing import Any

from starlette.responses import Response

from fallwerk.domain.staff.errors import HomeUnknown, StaffRefused, StaffUnknown, UsernameTaken
from fallwerk.domain.staff.model import Action, HomeKind, Role, StaffUser
from fallwerk.domain.staff.rules import normal_username
from fallwerk.domain.staff.service import NewStaff, StaffChange, actor_of, change_user, create_user, reset_password
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.ids import new_secret
from fallwerk.web.console.delivery import UNPROCESSABLE
from fallwerk.web.console.forms import Form
from fallwerk.web.console.frame import Frame, NotHere, Page, Visit, redirect


class UserPages:
    """Pages of the users, for the operator's administrators."""

    def __init__(self, frame: Frame, store: Transactions) -> None:
        self._frame = frame
        self._store = store
        self._passwords = frame.door.passwords

    def pages(self) -> tuple[Page, ...]:
        """Return the pages; the one for a new user stands before those of a name, which no user can have."""
        needed, one = Action.MANAGE_USERS, "/users/of/{username}"
        return (
            Page("console.users", "GET", "/users", needed, self.show_list),
            Page("console.users.new", "GET", "/users/new", needed, self.show_new),
            Page("console.users.create", "POST", "/users/new", needed, self.create),
            Page("console.user", "GET", one, needed, self.show_user),
            Page("console.user.change", "POST", one, needed, self.change),
            Page("console.user.reset", "POST", f"{one}/reset", needed, self.reset),
        )

    async def show_list(self, visit: Visit) -> Response:
        """List all users by username."""
        users = await self._store.read(lambda uow: uow.staff.all())
        return self._frame.answer(visit, "users.html", users=users)

    async def show_new(self, visit: Visit, faults: dict[str, str] | None = None) -> Response:
        """Show the form for a new user."""
        status = UNPROCESSABLE if faults else 200
        return self._answer(visit, "user_new.html", status, faults=faults or {}, homes=list(HomeKind))

    async def create(self, visit: Visit) -> Response:
        """Make a user and show the first password, this once."""
        form = visit.form
        kinds = {kind.value: kind for kind in HomeKind}
        kind = kinds.get(form.get("home"), HomeKind.OPERATOR)
        new = NewStaff(form.get("username"), form.get("name"), _roles(form), kind, form.get("home_name").strip())
        password, actor = new_secret(), actor_of(visit.user, visit.address)
        hashed = await self._passwords.hash(password)
        try:
            user = await self._store.write(lambda uow: create_user(uow, new, hashed, actor=actor, now_us=visit.now_us))
        except StaffRefused as refused:
            return await self.show_new(visit, {fault.name: f"{fault.name}_fault" for fault in refused.faults})
        except UsernameTaken:
            return await self.show_new(visit, {"username": "username_taken"})
        except HomeUnknown:
            return await self.show_new(visit, {"home_name": "home_unknown"})
        return self._frame.answer(visit, "user_password.html", one=user, password=password)

    async def show_user(self, visit: Visit, faults: dict[str, str] | None = None) -> Response:
        """Show a user with what can be changed."""
        username = normal_username(visit.part("username"))
        one = await self._store.read(lambda uow: uow.staff.by_username(username))
        if one is None:
            raise NotHere
        return self._answer(visit, "user.html", UNPROCESSABLE if faults else 200, faults=faults or {}, one=one)

    async def change(self, visit: Visit) -> Response:
        """Change name and roles, disable or enable."""
        form, username = visit.form, visit.part("username")
        change = StaffChange(form.get("name"), _roles(form), form.get("active") == "yes")
        actor = actor_of(visit.user, visit.address)
        try:
            await self._store.write(lambda uow: change_user(uow, username, change, actor=actor, now_us=visit.now_us))
        except StaffUnknown:
            raise NotHere from None
        except StaffRefused as refused:
            return await self.show_user(visit, {fault.name: f"{fault.name}_fault" for fault in refused.faults})
        return redirect("/users", done="user")

    async def reset(self, visit: Visit) -> Response:
        """Generate a new password and show it, this once."""
        password, username, actor = new_secret(), visit.part("username"), actor_of(visit.user, visit.address)
        hashed = await self._passwords.hash(password)

        try:
            user: StaffUser = await self._store.write(
                lambda uow: reset_password(uow, username, hashed, actor=actor, now_us=visit.now_us)
            )
        except StaffUnknown:
            raise NotHere from None
        return self._frame.answer(visit, "user_password.html", one=user, password=password)

    def _answer(self, visit: Visit, template: str, status: int, **more: Any) -> Response:  # noqa: ANN401
        return self._frame.answer(visit, template, status, roles=list(Role), written=visit.form, **more)


def _roles(form: Form) -> tuple[Role, ...]:
    """Read the ticked roles; unknown ones are left out, and none at all is refused."""
    return tuple(role for role in Role if role.value in form.all("role"))
