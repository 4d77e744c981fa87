"""What every describe shares: filters with wildcards, a look by ids, pages."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from practice.cloud.wire import Refusal

#: What a filter compares: an entry of the answer → its values.
Fields = Mapping[str, Callable[[dict[str, Any]], Any]]


def filtered(items: Sequence[dict[str, Any]], filters: Sequence[Mapping[str, Any]], fields: Fields) -> Any:
    """The items that fit every filter. Raises Refusal for a filter that is not in `fields` and not about tags."""
    tests = [_test(str(each.get("Name", "")), each.get("Values") or [], fields) for each in filters]
    return [item for item in items if all(test(item) for test in tests)]


def _test(name: str, values: Sequence[str], fields: Fields) -> Callable[[dict[str, Any]], bool]:
    field = fields.get(name) or _tag_field(name)
    if field is None:
        raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
    patterns = [_pattern(str(value)) for value in values]

    def fits(item: dict[str, Any]) -> bool:
        found = field(item)
        texts = [_text(each) for each in (found if isinstance(found, list) else [found])]
        return any(pattern.fullmatch(text) for pattern in patterns for text in texts)

    return fits


def _tag_field(name: str) -> Callable[[dict[str, Any]], Any] | None:
    if name == "tag-key":
        return lambda item: [tag["Key"] for tag in item.get("Tags", [])]
    if name == "tag-value":
        return lambda item: [tag["Value"] for tag in item.get("Tags", [])]
    if name.startswith("tag:"):
        return lambda item: [tag["Value"] for tag in item.get("Tags", []) if tag["Key"] == name[4:]]
    return None


def _pattern(value: str) -> re.Pattern[str]:
    """`*` and `?` are wildcards unless a backslash stands before them."""
    parts = re.findall(r"\\.|[*?]|[^\\*?]+|\\", value, re.DOTALL)
    meaning = {"*": ".*", "?": "."}
    return re.compile("".join(meaning.get(part) or re.escape(part.removeprefix("\\") or part) for part in parts), re.S)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def by_ids(items: Sequence[dict[str, Any]], ids: Sequence[str], key: str, code: str, what: str) -> Any:
    """The items of those ids. Raises Refusal if one is missing: AWS fails the whole call."""
    if not ids:
        return items
    known = {item[key]: item for item in items}
    missing = [each for each in ids if each not in known]
    if missing:
        raise Refusal(code, f"The {what} '[{', '.join(missing)}]' does not exist")
    return [known[each] for each in dict.fromkeys(ids)]


def page(params: Mapping[str, Any], items: Sequence[Any], key: str, ids: str = "", most: int = 1000) -> dict[str, Any]:
    """One page of an answer. `ids` names the parameter that cannot be together with MaxResults. Raises Refusal."""
    if ids and params.get(ids) and params.get("MaxResults"):
        message = f"The parameter {ids} cannot be used with the parameter maxResults"
        raise Refusal("InvalidParameterCombination", message)
    token = params.get("NextToken") or "page-0"
    start = token.removeprefix("page-")
    if not start.isdigit():
        raise Refusal("InvalidNextToken", "The token is not valid.")
    end = int(start) + (int(params.get("MaxResults") or 0) or most)
    answer: dict[str, Any] = {key: list(items[int(start) : end])}
    if end < len(items):
        answer["NextToken"] = f"page-{end}"
    return answer
