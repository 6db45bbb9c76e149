import time

from temwidgets.widgets.status import StatusLine
from temwidgets.widgets.workspace import Workspace


def test_the_status_line_tells_progress(image):
    workspace = Workspace(image)
    status = StatusLine(workspace)
    assert status.progress.layout.display == "none"
    assert status.layout.min_height == "36px"  # as high as the bar, so that nothing moves
    seen = []
    status.label.observe(lambda change: seen.append(change["new"]), "value")

    def slow(image, *, report):
        for i in range(5):
            time.sleep(0.06)
            report(i / 5)
        return image

    workspace.run(slow, wait=True)
    assert any("%" in text and "s left" in text for text in seen)
    assert status.progress.layout.display == "none"
    assert "slow: 24 x 36 px" in status.text.value
    status.close()
    workspace.run(slow, wait=True)
