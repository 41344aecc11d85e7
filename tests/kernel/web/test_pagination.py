"""Pages are read strictly and answered in both documents' shapes."""

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tranche.kernel.web.pagination import Page, page_links


def test_document_1s_example_comes_out(client: TestClient[Litestar]) -> None:
    assert client.get("/things?page=1&limit=20").json() == {"page": 1, "limit": 20, "total": 45, "pages": 3}
    assert client.get("/things").json() == {"page": 1, "limit": 20, "total": 45, "pages": 3}
    assert client.get("/things?size=45").json()["pages"] == 1


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=1.5", "page"),
        ("page=", "page"),
        ("page=%D9%A3", "page"),
        ("page=9999999999999999999999", "page"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("limit=abc", "limit"),
        ("size=1001", "size"),
        ("limit=5&size=6", "size"),
        ("limit=5&limit=6", "limit"),
        ("sort=name", "sort"),
        ("Page=1", "Page"),
    ],
)
def test_a_bad_parameter_is_400_and_named(client: TestClient[Litestar], query: str, name: str) -> None:
    answer = client.get(f"/things?{query}")
    assert answer.status_code == 400, answer.text
    assert [error["pointer"] for error in answer.json()["errors"]] == [name]


def test_document_5s_object_knows_its_neighbours() -> None:
    middle = msgspec.to_builtins(page_links(Page(2, 10), total=50))
    assert middle == {
        "currentPage": 2,
        "totalPages": 5,
        "totalItems": 50,
        "itemsPerPage": 10,
        "hasNextPage": True,
        "hasPreviousPage": True,
        "nextPage": 3,
        "prevPage": 1,
    }
    last, empty = page_links(Page(5, 10), total=50), page_links(Page(1, 10), total=0)
    assert (last.has_next_page, last.next_page, last.prev_page) == (False, None, 4)
    assert (empty.total_pages, empty.has_next_page, empty.prev_page) == (0, False, None)
