"""Words of the page about users."""

from typing import Final

WORDS: Final = {
    "users_lead": (
        "Wer sich hier anmelden kann, und was die Rollen erlauben.",
        "Who can sign in here, and with which roles.",
    ),
    "new_user": ("Neuer Benutzer", "New user"),
    "create_user": ("Benutzer anlegen", "Create user"),
    "user": ("Benutzer", "User"),
    "name": ("Name", "Name"),
    "roles": ("Rollen", "Roles"),
    "home": ("Gehört zu", "Belongs to"),
    "home_name": (
        "Kennung (Client-Id, Partner-Id oder Maklernummer; beim Betreiber leer)",
        "Id (client id, partner id or broker's number; empty for the operator)",
    ),
    "user_active": ("kann sich anmelden", "can sign in"),
    "user_disabled": ("gesperrt", "disabled"),
    "may_sign_in": ("Kann sich anmelden", "Can sign in"),
    "reset_password": ("Neues Passwort erzeugen", "Generate a new password"),
    "reset_note": (
        "Das bisherige Passwort und alle Sitzungen dieses Benutzers enden sofort.",
        "The present password and every session of this user end at once.",
    ),
    "first_password": ("Erstes Passwort", "First password"),
    "first_password_note": (
        "Es wird nur dieses eine Mal gezeigt. Bei der ersten Anmeldung muss es geändert werden.",
        "It is shown this once. It must be changed at the first sign-in.",
    ),
    "username_fault": (
        "Ein Benutzername hat 1 bis 100 Zeichen: a-z, 0-9 und innen . _ @ + -",
        "A username has 1 to 100 characters: a-z, 0-9 and . _ @ + - inside.",
    ),
    "name_fault": ("Ein Name hat 1 bis 100 Zeichen auf einer Zeile.", "A name has 1 to 100 characters on one line."),
    "roles_fault": (
        "Wählen Sie Rollen, die es dort gibt: bei Mandanten keine Verwaltung, bei Partner und Makler Sachbearbeitung.",
        "Choose roles that exist there: no administration at a client, clerk at a partner or broker.",
    ),
    "username_taken": ("Diesen Benutzernamen gibt es schon.", "This username is taken."),
    "home_unknown": ("Diese Kennung gibt es nicht.", "There is no such id."),
    "done_user": ("Der Benutzer ist geändert.", "The user is changed."),
}
