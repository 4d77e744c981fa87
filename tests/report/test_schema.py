"""The shape of the JSON is a promise: the model, the published schema and docs/report.md say the same."""

import json
import re
from pathlib import Path

from tests.report.records import ended
from workflows.report.document import FORMAT, Document, Part, schema, to_json
from workflows.report.reading import document_of

DOCS = Path(__file__).parent.parent.parent / "docs"


def test_the_published_schema_is_the_models() -> None:
    """Whoever changes the shape on purpose writes the schema anew, and says in CHANGELOG.md what changed."""
    assert json.loads((DOCS / "report.schema.json").read_text(encoding="utf-8")) == schema()


def test_the_documents_page_names_every_field_of_every_object() -> None:
    text = (DOCS / "report.md").read_text(encoding="utf-8")
    section = text.split(f"## The format `{FORMAT}`")[1].split("\n## ")[0]
    rows = dict(re.findall(r"^\| ([A-Z]\w+) \| (.*) \|$", section, re.M))
    objects = {each.__name__: each for each in Part.__subclasses__()}
    assert set(rows) == set(objects)
    for name, model in objects.items():
        assert [field for field in model.model_fields if f"`{field}`" not in rows[name]] == [], name


def test_what_is_written_can_be_read_back_and_is_sorted_for_comparing() -> None:
    written = to_json(document_of(ended("drill")))
    assert Document.model_validate_json(written) == document_of(ended("drill"))
    assert list(json.loads(written)) == sorted(json.loads(written))
    assert written.endswith(b"}\n")
