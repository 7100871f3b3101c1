"""Check requests against Avantto's published OpenAPI description, where a copy of it lies beside the project.

Pure: a request in, a list of complaints out. What the description says and practice contradicts is named by the test
that knows better (`excused`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from avantto_qbo.model.http import HttpRequest

DESCRIPTION = Path(__file__).parents[2] / "shared" / "reference" / "avantto-openapi"
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict, str),  # the description writes "object" where it means a text or an enum
}


@cache
def document(path: Path) -> Any:
    """Load one file of the description."""
    return json.loads(path.read_text())


def complaints(request: HttpRequest, excused: frozenset[str] = frozenset()) -> list[str]:
    """Return everything about the request that the description does not allow."""
    url = urlsplit(request.url)
    found = _operation(request.method, url.path)
    if found is None:
        return [f"no such operation: {request.method} {url.path}"]
    file, operation = found
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    said = [*_parameters(operation, query, request.headers), *_body(file, operation, request)]
    return [sentence for sentence in said if not any(name in sentence for name in excused)]


def _operation(method: str, path: str) -> tuple[Path, Any] | None:
    for file in sorted((DESCRIPTION / "apps").glob("*.json")):
        fitting = [template for template in document(file)["paths"] if _fits(template, path)]
        # A path written out goes before one with parameters.
        for template in sorted(fitting, key=lambda template: template.count("{")):
            operation = document(file)["paths"][template].get(method.lower())
            if operation is not None:
                return file, operation
    return None


def _fits(template: str, path: str) -> bool:
    parts, given = template.split("/"), [unquote(part) for part in path.split("/")]
    return len(parts) == len(given) and all(
        part == value or (part.startswith("{") and value != "") for part, value in zip(parts, given, strict=True)
    )


def _parameters(operation: Any, query: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[str]:
    described = [entry for entry in operation.get("parameters", []) if entry["in"] in ("query", "header")]
    places: dict[str, Mapping[str, str]] = {"query": query, "header": headers}
    for entry in described:
        value = places[entry["in"]].get(entry["name"])
        if value is None:
            if entry.get("required"):
                yield f"{entry['in']} {entry['name']} is required"
        else:
            yield from _text(entry, value)
    known = {entry["name"] for entry in described if entry["in"] == "query"}
    yield from (f"query {name} is not described" for name in query if name not in known)


def _text(entry: Any, value: str) -> Iterator[str]:
    schema = entry["schema"]
    if "enum" in schema and value not in schema["enum"]:
        yield f"{entry['in']} {entry['name']} is not one of {schema['enum']}"
    if schema.get("type") == "number" and not value.lstrip("-").isdigit():
        yield f"{entry['in']} {entry['name']} is not a number"


def _body(file: Path, operation: Any, request: HttpRequest) -> Iterator[str]:
    described = operation.get("requestBody")
    if described is None:
        yield from ["no body is described"] if request.body else []
        return
    kind = request.headers.get("Content-Type", "").partition(";")[0]
    if kind not in described["content"]:
        yield f"content type {kind!r} is not one of {list(described['content'])}"
        return
    form = kind == "application/x-www-form-urlencoded"
    value = dict(parse_qsl(request.body.decode())) if form else json.loads(request.body)
    yield from _value(file, described["content"][kind]["schema"], value, "body")


def _value(file: Path, schema: Any, value: Any, place: str) -> Iterator[str]:
    file, schema = _resolved(file, schema)
    if "enum" in schema and value not in schema["enum"]:
        yield f"{place} is not one of {schema['enum']}"
    kind = schema.get("type")
    if kind in TYPES and not isinstance(value, TYPES[kind]):
        yield f"{place} is not a {kind}"
    elif kind == "array":
        for entry in value:
            yield from _value(file, schema["items"], entry, f"{place}[]")
    elif isinstance(value, dict) and "properties" in schema:
        yield from _members(file, schema, value, place)


def _members(file: Path, schema: Any, value: Mapping[str, Any], place: str) -> Iterator[str]:
    yield from (f"{place}.{name} is required" for name in schema.get("required", []) if name not in value)
    for name, member in value.items():
        if name not in schema["properties"]:
            yield f"{place}.{name} is not described"
        else:
            yield from _value(file, schema["properties"][name], member, f"{place}.{name}")


def _resolved(file: Path, schema: Any) -> tuple[Path, Any]:
    while "$ref" in schema or "allOf" in schema:
        if "allOf" in schema:
            schema = schema["allOf"][0]
            continue
        name, _, pointer = schema["$ref"].partition("#/")
        file = (file.parent / name).resolve() if name else file
        schema = document(file)
        for step in pointer.split("/"):
            schema = schema[step]
    return file, schema
