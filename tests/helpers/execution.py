"""Run a notebook as `nbdev-test` does, in a process of its own that has no network, and give back the outputs

The process is forked from one that has loaded PyTorch, matplotlib and nbdev, so that their imports, four seconds, are
paid once. It is Python's own fork server; where there is none, the process starts from nothing."""
import json, os, sys, tempfile, warnings
from contextlib import chdir
from multiprocessing import get_context

from repository import HELPERS, ROOT

GUARD = HELPERS/'no_network'
ENVIRONMENT = {'PYTHONPATH': os.pathsep.join([str(GUARD), str(ROOT)]), 'OMP_NUM_THREADS': '1', 'IN_TEST': '1'}
FORKS = sys.platform=='linux'   # Apple's libraries do not survive a fork, and Windows has none
CONTEXT = get_context('forkserver' if FORKS else 'spawn')
# The first optimiser of a process loads torch._dynamo, which takes as long as PyTorch itself
PRELOADED = ['torch', 'torch._dynamo', 'matplotlib.pyplot', 'nbdev.test', 'execnb.shell', 'PIL.Image']
if FORKS: CONTEXT.set_forkserver_preload(PRELOADED)

def cut_the_network():
    "For this process; its children read PYTHONPATH"
    sys.path.insert(0, str(GUARD))
    sys.modules.pop('sitecustomize', None)
    import sitecustomize   # noqa: F401

def run_cells(path, times=1, folder=None):
    "Run the cells of the notebook at `path` that `nbdev-test` runs; returns their outputs by their ids"
    from execnb.shell import CaptureShell
    from nbdev.config import get_config
    from nbdev.test import nb_test_cells
    cells = nb_test_cells(path, skip_flags=get_config(path.parent).tst_flags.split())
    shell, outputs = CaptureShell(path if folder is None else None), {}
    with chdir(folder or path.parent):
        for cell in cells:
            for _ in range(times):
                shell.cell(cell)
                if shell.exc: raise RuntimeError(shell.prettytb(path))
            outputs[cell.id] = cell.outputs
    return outputs

def run_twice(path):
    "Run each cell twice before the next one, in an empty folder; returns how many there are"
    with tempfile.TemporaryDirectory() as folder: return len(run_cells(path, times=2, folder=folder))

def process_for_docs(path):
    "What nbdev-docs does before it calls Quarto; returns the notebook that Quarto gets, as text, and nbdev's warnings"
    from fastcore.nbio import nb2str, read_nb
    from nbdev.processors import FilterDefaults
    with chdir(ROOT), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter('always')
        nb = read_nb(path)
        FilterDefaults()(nb)
    return nb2str(nb), [str(o.message) for o in warned if 'imports and other code' in str(o.message)]

def child(work, path, home, result):
    "What the new process does: what `work` returns, or what went wrong, is in the file `result` at the end"
    os.environ.update(ENVIRONMENT, SGD_COURSE_HOME=str(home))
    os.environ.pop('MPLBACKEND', None)
    cut_the_network()
    try: done = {'value': work(path)}
    except Exception as e: done = {'trouble': f'{type(e).__name__}: {e}'}
    result.write_text(json.dumps(done), encoding='utf-8')

def apart(work, path, folder, seconds=600):
    "What `work(path)` returns in a process of its own, with `folder` to itself; an `AssertionError` tells its troubles"
    result = folder/'result.json'
    process = CONTEXT.Process(target=child, args=(work, path, folder/'home', result))
    process.start()
    process.join(seconds)
    if process.is_alive(): process.kill()
    assert process.exitcode==0, f'{path.name}: after {seconds} s or earlier the process ended with {process.exitcode}'
    done = json.loads(result.read_text(encoding='utf-8'))
    assert 'trouble' not in done, done['trouble']
    return done['value']
