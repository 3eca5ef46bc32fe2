"""What a query costs before it runs: a point an object, a connection two and what it may hold, a mutation ten."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
)

_MUTATION, _CONNECTION = 10, 2
_FREE = frozenset({"PageInfo", "OrderEdge"})
_IN_LISTS = frozenset({"Order", "LineItem", "Refund", "WebhookSubscription"})


def cost_of(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """The document has been validated."""
    operation = next(each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    if operation.operation is OperationType.MUTATION:
        return _MUTATION
    named = {e.name.value: e for e in document.definitions if isinstance(e, FragmentDefinitionNode)}
    return max(1, _Walk(schema, named, variables).of(operation.selection_set, schema.query_type))


@dataclass(frozen=True, slots=True)
class _Walk:
    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def of(self, selections: SelectionSetNode, kind: Any) -> int:
        total = 0
        for each in selections.selections:
            if isinstance(each, FragmentSpreadNode):
                inner = self.fragments[each.name.value]
                total += self.of(inner.selection_set, self.schema.get_type(inner.type_condition.name.value))
            elif isinstance(each, InlineFragmentNode):
                named = each.type_condition and self.schema.get_type(each.type_condition.name.value)
                total += self.of(each.selection_set, named or kind)
            elif isinstance(each, FieldNode) and each.selection_set is not None:
                total += self._field(each, each.selection_set, kind)
        return total

    def _field(self, node: FieldNode, inside: SelectionSetNode, kind: Any) -> int:
        if not isinstance(kind, GraphQLObjectType) or node.name.value not in kind.fields:
            return 0
        declared = kind.fields[node.name.value].type
        found = get_named_type(declared)
        cost = self.of(inside, found) if is_composite_type(found) else 0
        if found.name.endswith("Connection"):
            return _CONNECTION + cost * self._first(node)
        if found.name in _FREE or is_list_type(get_nullable_type(declared)):
            return cost + (found.name in _IN_LISTS)
        return cost + 1

    def _first(self, node: FieldNode) -> int:
        for each in node.arguments or ():
            if each.name.value != "first":
                continue
            if isinstance(each.value, IntValueNode):
                return int(each.value.value)
            if isinstance(each.value, VariableNode):
                given = self.variables.get(each.value.name.value)
                return given if isinstance(given, int) else 1
        return 1
