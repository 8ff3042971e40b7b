"""
What a query may cost (N-03): tokens, fields, aliases, depth.

The document is measured before anything walks it that could take long: fragments are counted where they are used, but
each is walked once, so that fragments which double each other cost their author a refusal and us nothing.
"""

from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

TOKENS_MAX: Final = 1_000
FIELDS_MAX: Final = 500
"""Fields of a document, with those of fragments counted wherever they are used."""
ALIASES_MAX: Final = 10
DEPTH_MAX: Final = 6
INTROSPECTION_DEPTH_MAX: Final = 20
"""The usual introspection asks for types of types of types."""
TOO_MANY_FIELDS: Final = f"The query has too many fields (max. {FIELDS_MAX})."
TOO_MANY_ALIASES: Final = f"The query has too many aliases (max. {ALIASES_MAX})."
TOO_DEEP: Final = f"The query is nested too deeply (max. {DEPTH_MAX} levels)."
IN_A_RING: Final = "A fragment of the query uses itself."


@dataclass(frozen=True, slots=True)
class Cost:
    """What a part of a document asks for; depth counts introspection apart from data."""

    fields: int = 0
    aliases: int = 0
    depth: int = 0
    introspection_depth: int = 0

    def beside(self, other: "Cost") -> "Cost":
        """Return the cost of two parts beside each other."""
        return Cost(
            self.fields + other.fields,
            self.aliases + other.aliases,
            max(self.depth, other.depth),
            max(self.introspection_depth, other.introspection_depth),
        )


class TooCostly(Exception):
    """A limit is exceeded; the message says which."""


@dataclass(slots=True)
class _Measure:
    fragments: dict[str, FragmentDefinitionNode]
    known: dict[str, Cost] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)

    def of(self, selections: SelectionSetNode | None) -> Cost:
        total = Cost()
        for selection in selections.selections if selections else ():
            if isinstance(selection, FieldNode):
                total = total.beside(self._of_field(selection))
            elif isinstance(selection, InlineFragmentNode):
                total = total.beside(self.of(selection.selection_set))
            elif isinstance(selection, FragmentSpreadNode):
                total = total.beside(self._of_fragment(selection.name.value))
        return total

    def _of_field(self, node: FieldNode) -> Cost:
        below = self.of(node.selection_set)
        aliases = below.aliases + (node.alias is not None)
        if node.name.value.startswith("__"):
            return Cost(below.fields + 1, aliases, 0, max(below.depth, below.introspection_depth) + 1)
        inside = below.introspection_depth + 1 if below.introspection_depth else 0
        return Cost(below.fields + 1, aliases, below.depth + 1, inside)

    def _of_fragment(self, name: str) -> Cost:
        if name in self.open:
            raise TooCostly(IN_A_RING)
        if name not in self.known:
            fragment = self.fragments.get(name)
            self.open.add(name)
            # A fragment that does not exist is for the validation to refuse.
            self.known[name] = self.of(fragment.selection_set) if fragment else Cost()
            self.open.discard(name)
        return self.known[name]


def refuse_costly(document: DocumentNode) -> None:
    """
    Measure a parsed document, all its operations together.

    Raises:
        TooCostly: it asks for too much.
    """
    fragments = {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
    measure, cost = _Measure(fragments), Cost()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            cost = cost.beside(measure.of(definition.selection_set))
    if cost.fields > FIELDS_MAX:
        raise TooCostly(TOO_MANY_FIELDS)
    if cost.aliases > ALIASES_MAX:
        raise TooCostly(TOO_MANY_ALIASES)
    if cost.introspection_depth > INTROSPECTION_DEPTH_MAX or cost.depth > DEPTH_MAX:
        raise TooCostly(TOO_DEEP)
