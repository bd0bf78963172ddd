"A real JupyterLab for the tests: `sgd-course lab` in a folder of its own, with Jupyter's own folders beside it"
import json, os, re, signal, socket, subprocess, sys, time, urllib.error, urllib.request
from contextlib import contextmanager
from typing import NamedTuple

from filelock import FileLock

from repository import ROOT

def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s: return s.getsockname()[1]

def wait_for(found, what, seconds=180):
    "The first true value of `found()`"
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if res := found(): return res
        time.sleep(0.2)
    raise AssertionError(f'no {what} after {seconds} s')

NO_AUTOSAVE = 'config/lab/user-settings/@jupyterlab/docmanager-extension/plugin.jupyterlab-settings'

def start_lab(folder, port):
    "Start `sgd-course lab` for the learner's `folder`; returns the process and the file that it prints to"
    own = {'JUPYTER_CONFIG_DIR': 'config', 'JUPYTER_DATA_DIR': 'data', 'SGD_COURSE_HOME': 'home'}
    places = {k: str(folder.parent/v) for k, v in own.items()}
    settings = folder.parent/NO_AUTOSAVE   # Two savings at once end in a question; Ctrl+S alone is to save
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('{"autosave": false}')
    env = os.environ | places | {'PYTHONPATH': str(ROOT), 'PYTHONUNBUFFERED': '1'}
    code = 'from sgd_course.app.cli import main; main()'
    cmd = [sys.executable, '-c', code, 'lab', folder.name, '--no-browser', '--port', str(port)]
    log = folder.parent/'lab.log'
    with open(log, 'w') as out:
        process = subprocess.Popen(cmd, cwd=folder.parent, env=env, stdout=out, stderr=subprocess.STDOUT)
    return process, log

class Lab(NamedTuple):
    "A running JupyterLab"
    folder: str   # The learner's
    port: int
    link: str     # To the first page, as the command prints it
    pid: int
    users: int = 0

    @property
    def token(self): return self.link.split('token=')[1]

    def ask(self, path, method='GET'):
        "What the server answers; `None` if it is nothing"
        headers = {'Authorization': f'token {self.token}'}
        request = urllib.request.Request(f'http://127.0.0.1:{self.port}/api/{path}', method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer: return json.loads(answer.read() or 'null')

    def sessions(self, path):
        "The kernels that run for the notebook at `path`"
        return [o for o in self.ask('sessions') if o['path']==path]

def new_lab(base):
    "Start a JupyterLab in `base` and wait for its link"
    folder, port = base/'my_course', free_port()
    process, log = start_lab(folder, port)
    found = wait_for(lambda: process.poll() is not None or re.search(r'http://\S+', log.read_text()), 'link')
    assert process.poll() is None, log.read_text()
    return Lab(str(folder), port, found[0], process.pid)

@contextmanager
def shared_lab(base):
    "The one JupyterLab of all test processes, in `base`: the first to ask starts it, the last to leave stops it"
    base.mkdir(exist_ok=True)
    note, lock = base/'shared.json', FileLock(base/'lock')
    def count(lab, more):
        lab = lab._replace(users=lab.users + more)
        note.write_text(json.dumps(lab))
        return lab
    def read(): return Lab(*json.loads(note.read_text()))
    with lock: lab = count(read() if note.exists() else new_lab(base), 1)
    try: yield lab
    finally:
        with lock:
            if not count(read(), -1).users:
                note.unlink()
                os.kill(lab.pid, signal.SIGTERM)

def status(url):
    try: return urllib.request.urlopen(url, timeout=60).status
    except urllib.error.HTTPError as e: return e.code
