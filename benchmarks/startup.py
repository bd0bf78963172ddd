"How long a learner waits, as a Markdown table: `python -m benchmarks.startup`"
import os, statistics, subprocess, sys, tempfile, time
from pathlib import Path

from .machine import machine

ROOT = Path(__file__).resolve().parents[1]

# The whole command, but for the server itself
LAB = "from sgd_course.app import cli; cli.run_lab = lambda cmd: 0; cli.main(['lab', {}, '--no-browser'])"
CASES = { # What is measured: code run in a fresh process
    '`import sgd_course`': 'import sgd_course',
    '`import sgd_course.data`': 'import sgd_course.data',
    '`import sgd_course.plots`': 'import sgd_course.plots',
    '`sgd-course --help`': "from sgd_course.app.cli import main; main(['--help'], standalone_mode=False)",
    '`sgd-course lab`, first start, up to Jupyter': LAB.format("__import__('tempfile').mkdtemp(dir='.')"),
    '`sgd-course lab`, later start, up to Jupyter': LAB.format("'mine'"),
}
LOADS = '''
import time, statistics
from sgd_course.data import load_mnist
def seconds(split):
    start = time.perf_counter()
    load_mnist(split)
    return time.perf_counter() - start
print(seconds('train'), statistics.median(seconds('train') for _ in range(20)))
'''

def run(code, folder):
    "Run `code` in a fresh Python in `folder`; returns what it prints"
    env = os.environ | {'PYTHONPATH': str(ROOT)}
    env['JUPYTER_DATA_DIR'] = str(Path(folder)/'jupyter')   # Where the chapters are signed
    cmd = [sys.executable, '-c', code]
    return subprocess.run(cmd, cwd=folder, env=env, check=True, capture_output=True, text=True).stdout

def median_time(code, folder, runs):
    "Median seconds of a fresh process that runs `code`, after one run to warm the disk's cache"
    def once():
        start = time.perf_counter()
        run(code, folder)
        return time.perf_counter() - start
    once()
    return statistics.median(once() for _ in range(runs))

def main(runs=5):
    print(f'Measured on {machine()}; median of {runs} runs.\n\n| what | seconds |\n|---|---|')
    with tempfile.TemporaryDirectory() as folder:
        empty = median_time('pass', folder, runs)
        print(f'| Python alone, for comparison | {empty:.2f} |')
        for what, code in CASES.items():
            print(f'| {what} | {median_time(code, folder, runs):.2f} |', flush=True)
        loads = [[float(t) for t in run(LOADS, folder).split()] for _ in range(runs)]
    first, again = (statistics.median(col) for col in zip(*loads))
    print(f'| the 60,000 digits, first time in a process | {first:.2f} |')
    print(f'| the 60,000 digits, from then on | {again:.4f} |')

if __name__ == '__main__': main()
