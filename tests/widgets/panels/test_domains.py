import pytest

import temwidgets as tw
from temwidgets.widgets import DomainPanel, DomainView


@pytest.fixture(scope="module")
def grains():
    return tw.synthetic.two_phases((200, 260), sampling=0.03, noise=3.0)[0]


@pytest.fixture
def panel(grains):
    return DomainPanel(tw.Workspace(grains))


def segmented(panel):
    assert panel.workspace.job.wait(120)
    assert panel.workspace.message.level != "error", panel.workspace.message
    return panel.workspace.domains


def test_domains_are_found_and_told(panel):
    view = DomainView(panel.workspace)
    panel._actions[0].click()
    domains = segmented(panel)
    assert domains.sizes["domain"] == 2
    assert view.domains is domains
    assert panel.words.value.startswith("<div>2 domains, ")
    assert "<th>Area (nm²)</th>" in panel.words.value
    assert panel.words.value.count("<tr>") == 3
    assert panel.workspace.message.text.startswith("segment_domains: 2 domains")
    assert "domains = tw.segment_domains(image" in panel.workspace.script()
    panel.workspace.undo()
    assert "No domains yet" in panel.words.value


def test_moving_the_sensitivity_replaces_the_step(panel):
    panel.sensitivity.value = 0.4  # before there are domains it only waits
    assert not panel.workspace.job.running
    panel._actions[0].click()
    segmented(panel)
    panel.sensitivity.value = 0.6
    segmented(panel)
    steps = [step.name for step in panel.workspace.history]
    assert steps == ["segment_domains"]
    assert panel.workspace.history[0].arguments["sensitivity"] == 0.6


def test_ranges_are_handed_on(panel):
    panel.smallest.value, panel.d_low.value = 0.5, 0.1
    panel._actions[0].click()
    segmented(panel)
    arguments = panel.workspace.history[-1].arguments
    assert arguments["smallest"] == 0.5
    assert arguments["d_range"] == (0.1, None)


def test_columns_get_the_number_of_their_domain(panel):
    panel._actions[1].click()
    panel.workspace.job.wait(20)
    assert panel.workspace.message.level == "error"
    assert "find columns first" in panel.workspace.message.text
    panel.workspace.columns = tw.make_columns([1.0, 2.0], [1.0, 6.0])
    panel._actions[0].click()
    segmented(panel)
    panel._actions[1].click()
    assert panel.workspace.job.wait(20)
    assert sorted(panel.workspace.columns["domain"].values.tolist()) == [0, 1]


def test_a_small_crystalline_share_is_told_with_what_to_do(panel, make_domains):
    panel.workspace.domains = make_domains(panel.workspace.image, (0,))  # 2 % of the image
    view = DomainView(panel.workspace)
    for words in (panel.words.value, view._totals.value):
        assert "Only 2.1% of the image is crystalline by these settings." in words
        assert "raise the sensitivity or look at the spacing map instead" in words
    panel._actions[0].click()
    segmented(panel)
    assert "Only" not in panel.words.value + view._totals.value


def test_room_for_the_table_is_kept_before_there_are_domains(panel):
    before = panel.words.layout.height
    panel._actions[0].click()
    segmented(panel)
    assert panel.words.layout.height == before == "116px"


def test_each_method_says_what_it_does(panel):
    told = set()
    for _, method in panel.method.options:
        panel.method.value = method
        told.add(panel.hint.value)
    assert len(told) == 3
    assert panel.area.value == "nm²"


@pytest.mark.parametrize("method", ["pursuit", "filter", "spectra"])
def test_reflections_that_were_found_are_in_no_methods_way(panel, method):
    panel.workspace.run(tw.find_reflections, wait=True)
    panel.method.value = method
    panel._actions[0].click()
    assert segmented(panel).attrs["method"] == method
