"""Reading only what has changed: less is read, and the result is that of reading everything."""

from importlib import resources
from typing import Any

import pytest

from tests.billing_stops.company import Company
from tests.billing_stops.desk import Desk
from tranche.billing_stops import reading


@pytest.fixture
def changing(desk: Desk) -> Desk:
    return desk.use({"kind": "sample", "refresh": "incremental"})


def _everything(desk: Desk) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, Any]]:
    analysis = desk.analysis(summary_limit=1000, summary_sort="crp_account_no")
    return desk.details(billing_status="all", limit=1000), analysis["summary"]["rows"], analysis["totals"]


def test_the_result_is_that_of_a_full_run_and_less_is_read(changing: Desk, company: Company) -> None:
    first = changing.run()
    assert (first["is_full"], first["read_count"]) == (True, first["details_count"])
    company.live_a_day(customers=120, seed="x")
    company.run("UPDATE ci_per SET entity_name = 'New Name', upd_dttm = now() WHERE per_id = 'P00000003'")
    company.run(
        "INSERT INTO ci_acct_rel VALUES ('CRP000001', 'CPC0000900', NULL, now()) ON CONFLICT (crp_acct_id, acct_id) "
        "DO UPDATE SET end_dttm = NULL, upd_dttm = now()"
    )
    second = changing.run()
    assert (second["status"], second["is_full"]) == ("completed", False), second
    assert 0 < second["read_count"] < 200
    by_changes = _everything(changing)
    third = changing.run(full="true")
    assert (third["is_full"], third["read_count"]) == (True, third["details_count"])
    assert by_changes == _everything(changing)
    assert "New Name" in {row["customer_name"] for row in by_changes[0]}
    comparison = changing.client.get("/api/crp-cpc/bill-stop-analysis/compare").json()["data"]
    assert {comparison[key] for key in ("newStops", "resolvedStops", "gone", "balanceMoved")} == {0}


def test_time_alone_makes_a_stop_of_a_bill_that_grew_old(changing: Desk, company: Company) -> None:
    """Nothing changes at the source, but the day does: here the rule is made stricter by a day's worth."""
    company.run("UPDATE ci_bseg SET end_dt = current_date - 35 WHERE sa_id = 'S00000007'")
    changing.run()
    assert changing.details(search="CPC0000007") == []
    changing.use({"kind": "sample", "refresh": "incremental", "ruleDays": 34})
    run = changing.run()
    assert (run["is_full"], run["read_count"]) == (False, 0)
    (row,) = changing.details(search="CPC0000007")
    assert row["last_bill_date"] is not None


def test_everything_is_read_now_and_then_and_when_the_query_is_another(
    changing: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_IN_A_ROW", 2)
    assert [changing.run()["is_full"] for _ in range(5)] == [True, False, False, True, False]
    changing.use({"kind": "sample", "refresh": "incremental", "rule": "month"})
    assert changing.run()["is_full"] is True


def test_a_change_that_does_not_say_whether_it_is_a_removal_is_none(changing: Desk, company: Company) -> None:
    changing.run()
    company.run("UPDATE ci_per SET entity_name = 'New Name', upd_dttm = now() WHERE per_id = 'P00000003'")
    shipped = resources.files("tranche.billing_stops").joinpath("reports", "crp_cpc_bill_stop_changes.sql").read_text()
    folder = changing.live.settings.home / "queries"
    folder.mkdir(parents=True)
    (folder / "crp_cpc_bill_stop_changes.sql").write_text(shipped)
    changing.run()  # by the same words, so that the next one may add to it
    told = "CASE WHEN r.end_dttm IS NULL THEN 0 ELSE 1 END AS is_removed"
    assert told in shipped
    (folder / "crp_cpc_bill_stop_changes.sql").write_text(shipped.replace(told, "NULL AS is_removed"))
    full = changing.run()
    company.run("UPDATE ci_per SET entity_name = 'Newer Name', upd_dttm = now() WHERE per_id = 'P00000003'")
    run = changing.run()
    assert (full["is_full"], run["is_full"], run["status"]) == (True, False, "completed"), run
    assert run["details_count"] == full["details_count"]
    assert "Newer Name" in {row["customer_name"] for row in changing.details(billing_status="all", limit=1000)}
