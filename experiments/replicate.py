"""Does what the chapters claim hold for other random numbers, too? `python -m experiments.replicate [NOTEBOOK ...]`

Each chapter is run under the shifts 0 to 20 of all its seeds (see nbs/making/seeds.ipynb). A failing cell does not end
a run. What came out of each run lies in experiments/runs/, so that an interrupted replication goes on where it
stopped. sgd_course/content/results/replication.json counts in how many runs each claim held, and how far the printed
numbers lay apart; nbs/sure.ipynb shows it. It takes about an hour on two quiet cores.

`--mark` runs nothing: it brings the record up to date with the notebooks, where changed cells count as not run."""
import contextlib, hashlib, json, os, statistics, sys, tempfile, time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path

from tqdm import tqdm

from experiments.claims import claims, fingerprint, runs, watched
from sgd_course.files import write_whole
from tools import notebooks
from tools.outputs import NUMBER, comparable, shown

HERE = Path(__file__).resolve().parent
RUNS = HERE/'runs'
OUT = HERE.parent/'sgd_course/content/results/replication.json'
SHIFTS = range(21)
PRELOADED = ['torch', 'torch._dynamo', 'matplotlib.pyplot', 'nbdev.test', 'execnb.shell']
LONGEST = 40   # A cell that prints more numbers than this prints a table of data

# One run

def digest(value):
    "A text that differs when the numbers in `value` do"
    if hasattr(value, 'detach'): value = value.detach().cpu().numpy()
    if hasattr(value, 'tobytes'): return hashlib.sha256(value.tobytes()).hexdigest()[:8]
    if isinstance(value, dict): return digest([*value.items()])
    if isinstance(value, (list, tuple)): return hashlib.sha256(''.join(map(digest, value)).encode()).hexdigest()[:8]
    return repr(value) if isinstance(value, (int, float, complex, str)) else type(value).__name__

class Watch:
    "Notes which claims held, and a digest of what each compared"
    def __init__(self): self.held, self.values, self.now = {}, {}, None

    @contextlib.contextmanager
    def claim(self, cell, number):
        key = self.now = f'{cell} {number}'
        self.values.setdefault(key, '')
        try: yield
        except Exception: self.held[key] = False
        else: self.held.setdefault(key, True)

    def seen(self, value):
        "`value`, noted"
        self.values[self.now] = digest([self.values[self.now], value])
        return value

def printed(cell):
    "The numbers that `cell` prints, and a digest of the words between them; none if it shows times"
    if notebooks.text(cell).startswith('#| timing'): return [], ''
    text = ' '.join(comparable(t) for kind, t in shown(cell['outputs']) if kind in ('stdout', 'text/plain'))
    found = [float(o) for o in NUMBER.findall(text)]
    return (found, digest(NUMBER.split(text))) if len(found)<=LONGEST else ([], '')

def run(path, shift):
    "Run the notebook at `path` under `shift`: which claims held, what they compared, what was printed, what failed"
    os.environ |= {'SGD_COURSE_SHIFT': str(shift), 'IN_TEST': '1', 'SGD_COURSE_HOME': tempfile.mkdtemp()}
    from execnb.shell import CaptureShell
    from nbdev.config import get_config
    from nbdev.test import nb_test_cells
    watch, shell, numbers, failed, prints = Watch(), CaptureShell(path), {}, {}, {}
    shell.user_ns.update(_claim_=watch.claim, _seen_=watch.seen)
    start = time.perf_counter()
    with contextlib.chdir(path.parent):
        for cell in nb_test_cells(path, skip_flags=get_config(path.parent).tst_flags.split()):
            if not runs(cell): continue
            prints[cell['id']] = fingerprint(cell)
            source, cell.source = cell.source, watched(cell)[0]
            shell.cell(cell)
            cell.source = source
            if shell.exc: failed[cell['id']] = f'{type(shell.exc).__name__}: {shell.exc}'[:200]
            numbers[cell['id']] = printed(cell)
    return {'seconds': round(time.perf_counter() - start, 1), 'cells': prints, 'held': watch.held,
        'values': watch.values, 'numbers': numbers, 'failed': failed}

def place(path, shift):
    "Where the run of the notebook at `path` under `shift` lies; another text of the notebook has another place"
    code = ''.join(notebooks.text(c) for c in notebooks.code_cells(notebooks.read(path)))
    return RUNS/f'{path.stem}-{hashlib.sha256(code.encode()).hexdigest()[:8]}-{shift:02}.json'

def work(path, shift):
    "Run and keep what came out"
    write_whole(place(path, shift), json.dumps(run(path, shift)).encode())

def replicate(paths, shifts=SHIFTS):
    "Run each notebook under each shift, unless that was done before"
    jobs = [(p, k) for k in shifts for p in paths if not place(p, k).exists()]
    os.environ['OMP_NUM_THREADS'] = '1'
    context = get_context('forkserver' if sys.platform=='linux' else 'spawn')
    if sys.platform=='linux': context.set_forkserver_preload(PRELOADED)
    with ProcessPoolExecutor(os.cpu_count(), context, max_tasks_per_child=1) as pool:
        waiting = [pool.submit(work, *job) for job in jobs]
        for done in tqdm(as_completed(waiting), total=len(waiting), unit='run'): done.result()

# The record

def known_runs(path):
    "All runs of the notebook at `path` that are kept, by shift; the newest where its text has changed"
    kept = sorted(RUNS.glob(f'{path.stem}-*.json'), key=lambda p: p.stat().st_mtime)
    return {int(p.stem.rpartition('-')[2]): json.loads(p.read_text()) for p in kept}

def spread(cell, found):
    "Lowest, middle and highest of each number that `cell` prints and that differs, over the runs `found`"
    words = found[0]['numbers'][cell][1]
    alike = [r['numbers'][cell][0] for r in found if r['numbers'][cell][1]==words]
    columns = [sorted(o) for o in zip(*alike)]
    return [[o[0], statistics.median(o), o[-1]] for o in columns if o[0]!=o[-1]]

def entry(claim, cell, found):
    "What the record says about `claim` of `cell`, after the runs `found`, by shift"
    found = {k: r for k, r in found.items() if r['cells'].get(claim.cell)==fingerprint(cell)}
    res = {'cell': claim.cell, 'number': claim.number, 'print': fingerprint(cell), 'section': claim.section,
        'sentence': claim.sentence, 'source': claim.source, 'runs': len(found)}
    if not found: return res
    key = f'{claim.cell} {claim.number}'
    values = {r['values'].get(key) for r in found.values()}
    missed = sorted(k for k, r in found.items() if not r['held'].get(key, False))
    kind = 'chance' if claim.draws or len(values)>1 else 'certain'
    return res | {'kind': kind, 'held': len(found) - len(missed), 'missed': missed}

def record(path, old, found):
    "All claims of the notebook at `path` as the runs `found` say, or else the `old` record"
    nb, res = notebooks.read(path), []
    cells = {c['id']: c for c in nb['cells']}
    before = {(o['cell'], o['number'], o['print']): o for o in old}
    for claim in claims(nb):
        new = entry(claim, cells[claim.cell], found)
        kept = before.get((claim.cell, claim.number, new['print']), {})
        if kept.get('runs', 0)>new['runs']:
            new |= {k: kept[k] for k in ('runs', 'kind', 'held', 'missed', 'numbers') if k in kept}
        elif new['runs'] and claim.number==0:
            new['numbers'] = spread(claim.cell, [r for r in found.values() if r['cells'].get(claim.cell)==new['print']])
        res.append(new)
    return res

def chapters(): return [p for p in notebooks.paths() if p.parent==notebooks.NBS and p.stem[0].isdigit()]

def load(): return json.loads(OUT.read_text(encoding='utf-8')) if OUT.exists() else {}

def to_text(record):
    "`record` as JSON, a claim in a line"
    chapters = []
    for name, found in record.items():
        lines = ',\n'.join(json.dumps(claim, ensure_ascii=False) for claim in found)
        chapters.append(f'{json.dumps(name)}: [\n{lines}\n]')
    return '{\n' + ',\n'.join(chapters) + '\n}\n'

def mark():
    "Bring the record up to date with the notebooks and with the runs that are kept"
    old = load()
    new = {p.stem: record(p, old.get(p.stem, []), known_runs(p)) for p in chapters()}
    write_whole(OUT, to_text(new).encode())

def main(args):
    if args!=['--mark']: replicate([Path(o).resolve() for o in args] or chapters())
    mark()

if __name__=='__main__': main(sys.argv[1:])
