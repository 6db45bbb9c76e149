"""Frames on a cluster of two worker processes, one of which is killed on purpose."""

import os
import signal
import time

import numpy as np
import pytest
import xarray as xr

import temwidgets as tw
from temwidgets.analysis import frame_jobs
from temwidgets.conventions import CancelledError

distributed = pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def cluster():
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
        ) as two,
        distributed.Client(two) as client,
    ):
        yield client


@pytest.fixture
def stack():
    rng = np.random.default_rng(4)
    image = tw.make_image(rng.poisson(50, (8, 20, 26)), sampling=(0.02, 0.03), origin=(1.0, -2.0))
    return image.assign_coords(frame=np.arange(10, 18))


def filtered(image, *, width=3):
    """Load what a worker must import, and be the same there as here."""
    return tw.subtract_background(image, method="plane").rolling(x=width, center=True).mean()


def deadly(image, folder):
    """Kill the worker once: the first that comes to frame 12."""
    mark = folder / "dead"
    if int(image["frame"]) == 12 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.05)
    return image + 1


def lethal(image):
    if int(image["frame"]) == 12:
        os._exit(1)
    return image + 1


def picky(image):
    if int(image["frame"]) == 12:
        raise ValueError("This frame is too dark.")
    return image


def slow(image):
    time.sleep(0.3)
    return image


def test_the_cluster_gives_the_same_as_one_process(cluster, stack):
    told = []
    there = tw.each_frame(filtered, stack, scheduler=cluster, width=5, report=told.append)
    here = tw.each_frame(filtered, stack, width=5)
    xr.testing.assert_identical(there.stacked(), here.stacked())
    assert told[0] < told[-1] == 1.0
    assert told == sorted(told)


def test_a_lazy_stack_is_loaded_by_the_workers(cluster, stack, tmp_path):
    np.save(tmp_path / "stack.npy", stack.values)
    lazy = tw.read(tmp_path / "stack.npy", sampling=0.02, lazy=True)
    address = cluster.scheduler.address
    there = tw.each_frame(filtered, lazy, scheduler=address, frames=[1, 6])
    here = tw.each_frame(filtered, tw.read(tmp_path / "stack.npy", sampling=0.02), frames=[1, 6])
    xr.testing.assert_equal(there.stacked(), here.stacked())


def test_a_killed_worker_costs_a_retry_and_not_the_result(cluster, stack, tmp_path):
    before = set(cluster.scheduler_info()["workers"])
    results = tw.each_frame(deadly, stack, tmp_path, scheduler=cluster, folder=tmp_path / "out")
    assert (tmp_path / "dead").exists()
    assert results.failed == {}
    xr.testing.assert_equal(results.stacked(), stack + 1)
    cluster.wait_for_workers(2)
    assert set(cluster.scheduler_info()["workers"]) != before


def test_a_frame_that_kills_every_worker_is_given_up(cluster, stack, monkeypatch):
    monkeypatch.setattr(cluster.cluster.scheduler, "allowed_failures", 0)
    results = tw.each_frame(lethal, stack, scheduler=cluster, retries=1, frames=[11, 12, 13])
    assert list(results) == [11, 13]
    assert "its workers died again and again" in results.failed[12]


def test_a_bad_frame_is_told(cluster, stack):
    results = tw.each_frame(picky, stack, scheduler=cluster)
    assert results.failed == {12: "This frame is too dark."}
    assert len(results) == 7


def test_arguments_of_each_frame_go_along(cluster, stack):
    level = stack.mean(("y", "x"))
    flat = tw.each_frame(lambda image, level: image - level, stack, level, scheduler=cluster)
    np.testing.assert_allclose(flat.stacked().mean(("y", "x")), 0, atol=1e-9)
    some = tw.each_frame(picky, stack)
    partly = tw.each_frame(lambda image, other: image - other, stack, some, scheduler=cluster)
    assert partly.failed == {12: "picky gave no result on this frame to go on from."}


def test_cancelling_frees_the_cluster(cluster, stack, tmp_path):
    def stop(fraction):
        if fraction > 0:
            raise CancelledError("enough")

    with pytest.raises(CancelledError):
        tw.each_frame(slow, stack, scheduler=cluster, folder=tmp_path, report=stop)
    begun = time.monotonic()
    while any(cluster.processing().values()) and time.monotonic() - begun < 10:
        time.sleep(0.05)
    assert not any(cluster.processing().values())
    assert len(tw.open_frames(tmp_path)) in (1, 2)
    assert len(tw.each_frame(slow, stack, scheduler=cluster, folder=tmp_path)) == 8


def test_a_lost_scheduler_is_told_and_results_are_kept(cluster, stack, tmp_path, monkeypatch):
    monkeypatch.setattr(frame_jobs, "_PATIENCE", "1s")
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=":0"
    ) as one:

        def lose(fraction):
            if fraction > 0:
                one.close()

        with pytest.raises(ConnectionError, match="The connection to the scheduler was lost"):
            tw.each_frame(
                slow, stack, scheduler=one.scheduler_address, folder=tmp_path, report=lose
            )
    assert len(tw.open_frames(tmp_path)) >= 1
    assert len(tw.each_frame(slow, stack, scheduler=cluster, folder=tmp_path)) == 8


def test_an_address_without_a_scheduler(stack, monkeypatch):
    monkeypatch.setattr(frame_jobs, "_PATIENCE", "0.2s")
    with pytest.raises(ConnectionError, match="There is no scheduler at"):
        tw.each_frame(filtered, stack, scheduler="tcp://127.0.0.1:1")


def test_without_distributed_the_extra_is_named(stack, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(ImportError, match=r"pip install \"temwidgets\[cluster\]\""):
        tw.each_frame(filtered, stack, scheduler="tcp://127.0.0.1:1")


def test_all_jobs_may_end_before_it_is_known_that_none_are_left(monkeypatch):
    class Quick(frame_jobs._Run):
        def submit(self, key, make, tries=0):
            self.pending[key] = (key, make, tries)

        def ended(self, retries):
            done, self.pending = list(self.pending), {}
            yield from ((key, "done") for key in done)

    monkeypatch.setattr(frame_jobs, "_Run", Quick)
    monkeypatch.setattr(frame_jobs, "_room", lambda client: 2)
    jobs = ((k, lambda: None) for k in range(4))
    assert list(frame_jobs._on(None, jobs, 0, None)) == [(k, "done") for k in range(4)]
