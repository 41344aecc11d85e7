"""A run from end to end: read, checked, published by one switch; and what keeps one from being published."""

from tests.billing_stops.company import Company
from tests.billing_stops.desk import ISSUE, Desk


def test_a_run_reads_everybody_and_shows_the_stops(desk: Desk, company: Company) -> None:
    run = desk.run()
    assert run["status"] == "completed", run
    (found,) = company.ask(
        "SELECT count(*) AS pairs, count(DISTINCT crp_acct_id) AS accounts FROM ci_acct_rel WHERE end_dttm IS NULL"
    )
    assert (run["details_count"], run["summary_count"]) == (found["pairs"], found["accounts"])
    analysis = desk.analysis(limit=1000, summary_limit=1000)
    totals = analysis["totals"]
    assert totals["total_cpc_count"] == found["pairs"]
    assert totals["bill_stop_count"] + totals["active_billing_count"] == found["pairs"]
    assert analysis["details"]["total"] == totals["bill_stop_count"] == len(analysis["details"]["rows"])
    assert {row["billing_status"] for row in analysis["details"]["rows"]} == {ISSUE}
    counts = [row["bill_stop_count"] for row in analysis["summary"]["rows"]]
    assert counts == sorted(counts, reverse=True)
    assert sum(counts) == totals["bill_stop_count"]
