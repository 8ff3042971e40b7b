"""What the server tells the person who starts it."""

from fallwerk.domain.account.demo import DEMO_CLIENTS
from fallwerk.domain.customer.demo import DEMO_BROKERS
from fallwerk.domain.partner.demo import DEMO_OAUTH_CLIENTS
from fallwerk.domain.staff.demo import DEMO_PASSWORD, DEMO_USERNAME
from fallwerk.settings import DEMO_ADMIN_TOKEN, Settings


def announce(settings: Settings) -> str:
    """Return what a person who starts the server wants to know first: addresses and, in the sandbox, credentials."""
    base = settings.public_base_url
    lines = [f"Fallwerk ({settings.mode}, {'SQLite' if settings.is_sqlite else 'PostgreSQL'})", ""]
    lines += [f"  APIs        {base}/api/scr/v1/{{clientId}}/cases"]
    lines += [f"              {base}/kreditsmart/kex/vorgang/{{vorgangsnummer}}/dokument, …/kommentare"]
    lines += [f"              {base}/kreditsmart/kex/antraege/status", f"              {base}/api/customer/create"]
    lines += [f"  Tokens      {base}/auth/token"]
    lines += [f"  OpenAPI     {base}/openapi/"]
    if not settings.is_production:
        token = settings.admin_token.get_secret_value()
        # The demo token is published; one that somebody chose has no place on a terminal or in its log (C-04).
        shown = token if token == DEMO_ADMIN_TOKEN else "•••"
        lines += [f"  Console     {base}/console/   {DEMO_USERNAME} / {DEMO_PASSWORD}"]
        lines += [f"  Sandbox     {base}/sandbox/v1   Authorization: Bearer {shown}", "", "  Demo clients"]
        for demo in DEMO_CLIENTS:
            users = ", ".join(f"{known.username} / {known.password}" for known in demo.credentials)
            lines.append(f"  {demo.client_id}    {users}")
        lines += ["", "  Demo OAuth clients"]
        lines += [f"  {demo.client_id} / {demo.secret}" for demo in DEMO_OAUTH_CLIENTS]
        lines += ["", "  Demo brokers"]
        lines += [f"  {broker.user_id}        {broker.login_token}" for broker in DEMO_BROKERS[:2]]
    return "\n".join(lines) + "\n"
