from types import SimpleNamespace

import pytest

from temwidgets.conventions import CancelledError
from temwidgets.widgets import jobs


@pytest.fixture
def clock(monkeypatch):
    """A clock that is set by hand."""
    now = [100.0]
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def test_the_time_left_goes_by_the_pace_since_the_first_report(clock):
    job = jobs.Job()
    job.begin("slow to start")
    clock[0] += 60
    job.report(0.1)
    assert job.fraction == 0.1
    assert job.seconds_left is None
    clock[0] += 2
    job.report(0.2)
    assert job.seconds_left == pytest.approx(16)
    clock[0] += 2
    job.report(0.6)
    assert job.seconds_left == pytest.approx(4 / 0.5 * 0.4)
    job.end()
    assert job.seconds_left is None


def test_each_job_has_a_first_report_of_its_own(clock):
    job = jobs.Job()
    for _ in range(2):
        job.begin("again")
        job.report(0.5)  # too early to be told, but it counts
        assert job.fraction == 0
        clock[0] += 1
        job.report(0.75)
        assert job.seconds_left == pytest.approx(1)
        clock[0] += 100
        job.end()


def test_a_cancelled_job_stops_whoever_reports(clock):
    job = jobs.Job()
    job.begin("long")
    job.cancel()
    with pytest.raises(CancelledError):
        job.report(0.5)
