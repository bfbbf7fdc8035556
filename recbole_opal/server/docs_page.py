"""The page that explains the service; it loads nothing from elsewhere, unlike FastAPI's own."""

from __future__ import annotations

from html import escape
from typing import Any

__all__ = ["docs_page"]

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "td,th{text-align:left;vertical-align:top;padding:.2rem .8rem .2rem 0}"
    "pre{background:#8881;padding:.8rem;overflow-x:auto}:root{color-scheme:light dark}"
)
_EXAMPLE = """curl -H 'Content-Type: application/json' {url}recommend -d '
  {{"histories": [{{"user": "ann", "items": ["242", 302]}}], "k": 10}}'"""


def docs_page(openapi: dict[str, Any], url: str) -> str:
    """Return an HTML page of an OpenAPI document; `url` is that of the service, with a slash."""
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        f"<title>{escape(openapi['info']['title'])}</title><style>{_STYLE}</style>",
        f"<h1>{escape(openapi['info']['title'])}</h1>",
        f"<p>{escape(openapi['info']['description'])}</p>",
        f"<pre>{escape(_EXAMPLE.format(url=url))}</pre>",
        "<p>The whole description for programs: <a href=openapi.json>openapi.json</a></p>",
    ]
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            parts.append(f"<h2>{method.upper()} {escape(path)}</h2>")
            parts.append(f"<p>{escape(operation['description'])}</p>")
    for name, schema in openapi["components"]["schemas"].items():
        parts.append(f"<h3>{escape(name)}</h3><p>{escape(schema.get('description', ''))}</p>")
        parts.append(f"<table>{''.join(_rows(schema))}</table>")
    return "".join(parts)


def _rows(schema: dict[str, Any]) -> list[str]:
    required = schema.get("required", ())
    return [
        f"<tr><th>{escape(name)}<td>{escape(_kind(field))}"
        f"<td>{'required' if name in required else escape(_default(field))}"
        f"<td>{escape(field.get('description', ''))}"
        for name, field in schema.get("properties", {}).items()
    ]


def _default(field: dict[str, Any]) -> str:
    return f"default {field['default']}" if "default" in field else ""


def _kind(field: dict[str, Any]) -> str:
    """Return the type of a field, as `list of text or integer`."""
    if "$ref" in field:
        return str(field["$ref"]).rpartition("/")[2]
    if "anyOf" in field:
        return " or ".join(_kind(choice) for choice in field["anyOf"])
    if "enum" in field:
        return " | ".join(field["enum"])
    if field.get("type") == "array":
        return f"list of {_kind(field['items'])}"
    return str(field.get("type", "any"))
