"Fixtures for all tests"
import subprocess, sys

import pytest

from repo import ROOT

sys.path.insert(0, str(ROOT))   # for `import website`, also when pytest is not started with `python -m`

@pytest.fixture(scope='session')
def site(tmp_path_factory):
    "The folder of the built site; tests that use it are in one xdist group, so it is built once"
    out = tmp_path_factory.mktemp('site')/'docs'
    done = subprocess.run([sys.executable, '-m', 'website', str(out)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode==0, done.stdout + done.stderr
    assert not done.stderr, done.stderr
    return out
