"Fixtures for all tests"
import subprocess, sys

import pytest
from filelock import FileLock

from repo import ROOT

sys.path.insert(0, str(ROOT))   # for `import website`, also when pytest is not started with `python -m`

@pytest.fixture(scope='session')
def site(tmp_path_factory, worker_id):
    "The folder of the built site, which parallel test processes share: the first to ask builds it"
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id=='master' else base.parent
    out = shared/'site'/'docs'
    with FileLock(shared/'site.lock'):
        if not out.exists():
            done = subprocess.run([sys.executable, '-m', 'website', str(out)], cwd=ROOT, capture_output=True, text=True)
            assert done.returncode==0, done.stdout + done.stderr
            assert not done.stderr, done.stderr
    return out
