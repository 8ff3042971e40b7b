"""
Putting messages into words: a text and an HTML form of each, German or English.

Everything that came from outside is shown and never interpreted: the HTML form escapes it, and no fact can break a
line, so that neither a header nor a paragraph can be forged with a name. Nothing is loaded from elsewhere and no link
names its reader, so that nobody learns whether a mail was read.
"""

import calendar
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fallwerk.domain.mail.model import Channel, Letter, MailKind, Message
from fallwerk.kit.clock import BERLIN, from_us
from fallwerk.kit.forms_urls import is_web_url
from fallwerk.render.mails.texts import PHRASES, WORDS, Phrases

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates"
FROM_OUTSIDE: Final = frozenset({MailKind.SUCCESS, MailKind.DECLINED})
"""Messages whose link is the client's callback; the others lead to the portal."""
PAGES: Final[Mapping[MailKind, str]] = {MailKind.COUPON: "filiale", MailKind.NEW_PICTURES: "foto"}


class Letters:
    """
    Writes letters.

    Args:
        public_base_url: Where people reach the portal.
    """

    def __init__(self, public_base_url: str) -> None:
        self._base = public_base_url.rstrip("/")

    def write(self, message: Message) -> Letter:
        """Return a message in its words (W-06, S-44, S-49)."""
        given = {name: _one_line(value) for name, value in message.facts.items()}
        language = given.get("language", "de")
        phrases, words = PHRASES[language], WORDS[language][message.kind]
        facts = {
            "case_id": message.case_id,
            "client": phrases.client.format(company=given["company"]) if given.get("company") else "",
            "code": given.get("code", ""),
            "valid_until": _moment(phrases, int(given["valid_until"])),
        }
        if message.channel is Channel.SMS:
            said = phrases.sms_tan if message.kind is MailKind.TAN else phrases.sms_code
            return Letter("", said.format_map(facts))
        name = " ".join(filter(None, (given.get("first_name"), given.get("last_name"))))
        link = self._link(message, given) if words.button else ""
        subject = words.subject.format_map(facts)
        values = {
            "language": language,
            "subject": subject,
            "greeting": phrases.greeting.format(name=name) if name else phrases.greeting_unnamed,
            "paragraphs": [paragraph.format_map(facts) for paragraph in words.paragraphs],
            "rows": [(label, fact.format_map(facts)) for label, fact in words.rows],
            "link": link,
            "button": words.button,
            "footer": phrases.footer,
        }
        text, html = (self._environment.get_template(f"letter.{form}").render(values) for form in ("txt", "html"))
        return Letter(subject, text, html)

    def _link(self, message: Message, given: Mapping[str, str]) -> str:
        if message.kind in FROM_OUTSIDE:
            link = given.get("link", "")
            # Checked when it came (S-17), and again here: a mail program starts whatever a link says.
            return link if is_web_url(link) else ""
        page = PAGES.get(message.kind)
        if page is None:
            return f"{self._base}/identportal/?vorgangsnummer={message.case_id}"
        return f"{self._base}/identportal/{message.case_id}/{page}"

    @cached_property
    def _environment(self) -> "Environment":
        """Made with the first letter, because the template engine costs start-up time."""
        from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape  # noqa: PLC0415

        return Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )


def _one_line(value: str) -> str:
    """Fold every white space into single blanks and drop what cannot be printed."""
    return "".join(sign for sign in " ".join(value.split()) if sign.isprintable())


def _moment(phrases: Phrases, at_us: int) -> str:
    at = from_us(at_us).astimezone(BERLIN)
    return phrases.time.format(
        day=at.day,
        month=at.month,
        month_name=calendar.month_name[at.month],
        year=at.year,
        hour=at.hour,
        minute=at.minute,
    )
