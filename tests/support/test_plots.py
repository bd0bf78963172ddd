"Drawings carry their words into JupyterLab, and nowhere else"
import nbformat, pytest
from nbclient import NotebookClient

from repository import ROOT

CELLS = ['from sgd_course.plots import use_style\nimport matplotlib.pyplot as plt\nuse_style()',
    '#| code-fold: true\n#| fig-alt: A line that rises\nplt.plot([1, 2]);', 'plt.plot([1, 2]);']

@pytest.mark.parametrize('lab', [True, False])
def test_a_figure_says_what_is_seen(lab, monkeypatch, tmp_path):
    monkeypatch.setenv('PYTHONPATH', str(ROOT))
    if lab: monkeypatch.setenv('SGD_COURSE_LAB', '1')
    else: monkeypatch.delenv('SGD_COURSE_LAB', raising=False)
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in CELLS])
    NotebookClient(nb, kernel_name='python3', timeout=600, resources={'metadata': {'path': str(tmp_path)}}).execute()
    spoken, silent = (c.outputs[0].data for c in nb.cells[1:])
    assert 'image/svg+xml' in spoken and 'image/svg+xml' in silent
    assert ('alt="A line that rises"' in spoken.get('text/html', ''))==lab
    assert 'text/html' not in silent
