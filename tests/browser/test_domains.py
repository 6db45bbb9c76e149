"""Domains in JupyterLab: one is clicked in the image, looked up in the table, and clicked away."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

SETUP = """
import temwidgets as tw
image, truth = tw.synthetic.two_phases(
    (180, 240), sampling=0.03, origin=(1.0, -2.0), noise=4.0
)
work = tw.Workspace(image)
work.run(tw.segment_domains, wait=True)
"""


@pytest.fixture
def shown(lab):
    lab.execute(SETUP)
    cell = lab.run(
        "from temwidgets.widgets import DomainView\n"
        "view = DomainView(work, alpha=1.0); view.image_view.height = 400; view"
    )
    cell.wait_drawn()
    cell.output.locator("table.dataTable tbody tr").first.wait_for()
    lab.page.wait_for_timeout(400)
    return cell


def centre(lab, cell, label):
    """Page pixels of the middle of a domain."""
    box = cell.canvas.first.bounding_box()
    (left, right), (top, bottom) = lab.value("[view.image_view.x_range, view.image_view.y_range]")
    y, x = lab.value(f"[float(view.domains['centre_{{}}'.format(n)][{label}]) for n in 'yx']")
    return (
        box["x"] + (x - left) / (right - left) * box["width"],
        box["y"] + (y - top) / (bottom - top) * box["height"],
    )


def click_domain(lab, cell, label):
    """Click a domain where it lies by then: on a busy machine the page still moves at first."""
    for _ in range(5):
        lab.page.mouse.click(*centre(lab, cell, label))
        lab.page.wait_for_timeout(1500)
        if lab.value("view.chosen") == [label]:
            return
    raise AssertionError(f"Domain {label} was clicked five times and is not chosen.")


def colour_at(cell, x, y):
    """Mean colour of the screen round a point."""
    box = cell.canvas.first.bounding_box()
    row, col = int(y - box["y"]), int(x - box["x"])
    pixels = cell.pixels(cell.canvas.first)
    return pixels[row - 3 : row + 4, col - 3 : col + 4].mean(axis=(0, 1))


def test_a_domain_is_clicked_away(lab, shown):
    assert lab.value("view.domains.sizes['domain']") == 2
    first, second = centre(lab, shown, 0), centre(lab, shown, 1)
    assert abs(colour_at(shown, *first) - colour_at(shown, *second)).max() > 40
    click_domain(lab, shown, 0)
    first, second = centre(lab, shown, 0), centre(lab, shown, 1)
    shown.output.get_by_text("Domain 0: ").wait_for()
    assert lab.value("view.table.chosen") == [0]
    shown.output.get_by_role("button", name="Exclude").click()
    lab.wait_value("view.domains['domain'].values.tolist()", [1])
    shown.output.get_by_text("1 domain,").first.wait_for()
    lab.page.wait_for_timeout(300)
    assert abs(colour_at(shown, *first) - colour_at(shown, *second)).max() > 40
    grey = colour_at(shown, *first)
    assert grey.max() - grey.min() < 12
    lab.execute("work.undo()")
    lab.wait_value("view.domains.sizes['domain']", 2)
    assert not lab.errors


def test_a_row_of_the_table_frames_its_domain(lab, shown):
    shown.output.locator("table.dataTable tbody tr").nth(1).click()
    lab.wait_value("view.chosen", [1])
    assert lab.value("len(view.image_view.lines['chosen domains'].segments)") > 3
    assert not lab.errors


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_both_themes_show_domains_without_errors(lab, shown, theme):
    lab.theme(theme)
    try:
        lab.execute("view.colour_by = 'd_spacing'; view.quantity = 'd_spacing'")
        shown.output.get_by_text("d-spacing (nm)").first.wait_for()
        assert not lab.errors
    finally:
        lab.theme("light")


def test_segmenting_in_the_explorer_shows_the_domains_and_moves_nothing(lab):
    lab.execute(SETUP)
    cell = lab.run("fx = tw.explore_fourier(image, step='Domains'); fx")
    cell.wait_drawn()
    lab.page.wait_for_timeout(500)

    def height():
        return cell.canvas.first.bounding_box()["y"] - cell.output.bounding_box()["y"]

    before = height()
    cell.output.get_by_role("button", name="Segment").click()
    cell.output.get_by_role("button", name="Cancel").wait_for(timeout=5000)
    assert height() == before
    lab.wait_value("fx.plot", "Domains", timeout=60)
    row = cell.output.locator("table.dataTable tbody tr").first
    row.wait_for()
    lab.page.wait_for_timeout(500)
    assert height() == before
    table = cell.output.locator(".tem-rows .dt-scroll-body")
    assert table.evaluate("(box) => box.scrollWidth - box.clientWidth") <= 1  # all columns are seen
    spare = "(box) => box.scrollWidth - box.clientWidth"
    plots = cell.output.locator(".tem-plots > .temwidgets-view")
    assert plots.evaluate(spare) <= 0
    row.click()
    lab.wait_value("fx.domains.chosen", [0])
    assert not lab.errors
