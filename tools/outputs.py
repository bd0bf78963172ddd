"""Run notebooks and store their outputs, which the site shows

    python -m tools.outputs                 those of which the code, or what it uses, has changed
    python -m tools.outputs NOTEBOOK ...    these
    python -m tools.outputs --all           all

What differs from run to run is left as it was stored: addresses in memory, and what a cell that begins with
`#| timing` measures. Clear the outputs of such a cell, and it is measured anew.

`differences` says where stored outputs and fresh ones do not say the same. The tests run every notebook, and
compare."""
import base64, hashlib, io, json, math, os, re, subprocess, sys, tarfile
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import nbformat
import numpy as np
import torch
from nbclient import NotebookClient
from nbdev.clean import nbdev_clean
from PIL import Image
from scour import scour

from sgd_course.files import write_whole
from tools import notebooks

SCOUR = scour.sanitizeOptions(scour.parse_args(['--set-precision=4', '--strip-xml-prolog', '--remove-metadata',
    '--enable-comment-stripping', '--enable-id-stripping', '--indent=none', '--no-line-breaks', '--quiet']))

def without_bars(text):
    "What a terminal shows of `text` at the end, without a progress bar that wiped itself out"
    return re.sub(r'[^\n]*\r$', '', text)

def small_svg(svg): return scour.scourString(svg, SCOUR)

# Where

NOTE = Path(__file__).with_name('arithmetic.txt')   # That of the machine on which the outputs were made

def arithmetic():
    "How this machine rounds and draws: the fingerprint of a small training in float32 and of Matplotlib's version"
    before, g = torch.get_num_threads(), torch.Generator().manual_seed(0)
    torch.set_num_threads(1)
    x, y = torch.rand(50, 64, 784, generator=g), torch.randint(10, (50, 64), generator=g)
    sizes = (784, 100), (100, 100), (100, 10)
    weights = [torch.randn(n, m, generator=g).div(m**0.5).requires_grad_() for m, n in sizes]
    opt = torch.optim.Adam(weights, 1.)   # So wild that each last digit decides
    for xb, yb in zip(x, y):
        a, b, c = weights
        torch.nn.functional.cross_entropy(torch.tanh(torch.relu(xb @ a.T) @ b.T) @ c.T, yb).backward()
        opt.step()
        opt.zero_grad()
    torch.set_num_threads(before)
    series = '.'.join(version('matplotlib').split('.')[:2])
    numbers = b''.join(w.detach().numpy().tobytes() for w in weights)
    return hashlib.sha256(numbers + series.encode()).hexdigest()[:16]

def made_here():
    "Does this machine round as the one on which the outputs were made? Elsewhere, trainings end in other digits."
    return NOTE.read_text()==arithmetic() + '\n'

# Storing

PYTHON = {'file_extension': '.py', 'mimetype': 'text/x-python', 'name': 'python'}   # What nbconvert must know

def collapse(cell):
    "What the site folds, JupyterLab collapses"
    cell['metadata'].pop('jupyter', None)
    if re.search(r'^#\| code-fold: true$', notebooks.text(cell), re.M):
        cell['metadata']['jupyter'] = {'source_hidden': True}

def is_noise(cell, stored):
    "Do the outputs of `cell` and those `stored` for the same code differ in nothing but what no run can repeat?"
    ours, theirs = shown(stored), shown(cell['outputs'])
    if [kind for kind, _ in ours]!=[kind for kind, _ in theirs]: return False
    if notebooks.text(cell).startswith('#| timing'):
        return all(same(kind, a, b, numbers=False) for (kind, a), (_, b) in zip(ours, theirs))
    return all(NAMED.sub('', a)==NAMED.sub('', b) for (_, a), (_, b) in zip(ours, theirs))

def refresh(path):
    "Execute the notebook at `path` in its own folder and write it back"
    before = {(c['id'], notebooks.text(c)): c['outputs'] for c in notebooks.code_cells(notebooks.read(path))}
    nb = nbformat.read(path, as_version=4)
    resources = {'metadata': {'path': str(path.parent)}}
    metadata = nb.metadata.copy()
    NotebookClient(nb, timeout=600, kernel_name='python3', coalesce_streams=True, resources=resources).execute()
    nb.metadata = metadata | {'language_info': PYTHON}   # Without the version that ran here
    for cell in notebooks.code_cells(nb): collapse(cell)
    for output in (o for c in notebooks.code_cells(nb) for o in c.outputs):
        if 'text' in output: output.text = without_bars(output.text)
        data = output.get('data', {})
        if 'image/svg+xml' in data: data['image/svg+xml'] = small_svg(data['image/svg+xml'])
    for cell in notebooks.code_cells(nb):
        stored = before.get((cell['id'], notebooks.text(cell)))
        if stored and is_noise(cell, stored): cell['outputs'] = stored
    notebooks.write(path, nb)
    nbdev_clean(path)

# What has changed

RECORD = notebooks.ROOT/'build'/'outputs.json'   # The fingerprint of what each notebook was made of at its last run

CODE = re.compile(r'nbs/.*\.ipynb$|sgd_course/(?!content/).*\.py$')
READ = re.compile(r'sgd_course/content/(?!lab_settings/)')   # What modules read

def texts(files):
    "Of pairs of a name and a file's content: notebooks and modules as they are, of what modules read a fingerprint"
    res = {}
    for name, data in files:
        if CODE.match(name): res[name] = data.decode()
        elif READ.match(name): res[name] = hashlib.sha256(data).hexdigest()
    return res

def files_now():
    "The notebooks, the package, and what it reads, by their names"
    paths = [p for folder in ('sgd_course', 'nbs') for p in (notebooks.ROOT/folder).rglob('*') if p.is_file()]
    return texts((p.relative_to(notebooks.ROOT).as_posix(), p.read_bytes()) for p in paths)

def files_committed():
    "The same as of the last commit; nothing where there is no git"
    cmd = ['git', 'archive', 'HEAD', 'sgd_course', 'nbs']
    try: packed = subprocess.run(cmd, cwd=notebooks.ROOT, check=True, capture_output=True).stdout
    except (OSError, subprocess.CalledProcessError): return {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return texts((m.name, tar.extractfile(m).read()) for m in tar.getmembers() if m.isfile())

def modules_used(code, modules):
    "Those of `modules`, texts by name, that `code` imports, directly or through others"
    found, todo = {}, [code]
    while todo:
        lines = re.findall(r'^\s*(?:from|import) .*', todo.pop(), re.M)
        for name in modules.keys() & {*re.findall(r'\w+', ' '.join(lines))} - found.keys():
            found[name] = modules[name]
            todo.append(modules[name])
    return found

def made_of(name, files):
    "A fingerprint of what the outputs of the notebook `name` depend on; `None` where it is not among `files`"
    if name not in files: return None
    code = '\n'.join(map(notebooks.text, notebooks.code_cells(json.loads(files[name]))))
    modules = {Path(n).stem: text for n, text in files.items() if n.endswith('.py')}
    read = {n: text for n, text in files.items() if READ.match(n)}
    parts = code, sorted(modules_used(code, modules).items()), sorted(read.items())
    return hashlib.sha256(repr(parts).encode()).hexdigest()

def read_record(): return json.loads(RECORD.read_text()) if RECORD.exists() else {}

def note(name):
    "Note what the notebook `name` is made of now"
    RECORD.parent.mkdir(exist_ok=True)
    write_whole(RECORD, json.dumps(read_record() | {name: made_of(name, files_now())}, indent=1).encode())

def changed():
    "Paths of the notebooks that were not run since something changed; what was committed counts as run"
    known, now, committed = read_record(), files_now(), files_committed()
    for path in notebooks.paths():
        name = path.relative_to(notebooks.ROOT).as_posix()
        fresh = made_of(name, now)
        if fresh not in (known.get(name), made_of(name, committed)): yield path

# Comparing

NUMBER = re.compile(r'(?:(?<![\w.])-)?\d+(?:\.\d+)?(?:e[+-]?\d+)?')
TIMED = re.compile(r'\d[\d.,]*(?:e-?\d+)?\s*(?:ns|µs|us|ms|s|seconds|minutes|min)\b')
NAMED = re.compile(r'(?<= at )0x[0-9a-f]+|(?<=[#"])[a-z]?[0-9a-f]{10,}')   # an object in memory, a part of a picture
PACKED = re.compile(r'[\w+/]{54,}={0,2}')   # numbers as base64, such as the ten biases of a network
PNG = re.compile(r'data:image/png;base64,([\w+/=\s]+)')
PATH = re.compile(r' d="([^"]+)"')

def last_place(number):
    "What one more in the last place of the text `number` is worth; 0 for a whole number"
    mantissa, _, exponent = number.partition('e')
    return 10.**(int(exponent or 0) - len(mantissa.partition('.')[2])) if '.' in mantissa else 0.

def same_number(a, b, unit=None):
    "Do two numbers agree, but for 1 %, the last place or `unit`, and what is lost in float32?"
    room = max(1e-6, last_place(a) if unit is None else unit)
    return math.isclose(float(a), float(b), rel_tol=0.01, abs_tol=room)

def comparable(text):
    "`text` without what differs from run to run: times, addresses, packed numbers, and how wide its columns are"
    for found, instead in ((PACKED, ''), (TIMED, '0 s'), (NAMED, '')): text = found.sub(instead, text)
    return re.sub(r'\s+', ' ', text).strip()

def same_text(a, b, unit=None):
    "Do two texts say the same, but for what differs from run to run, and last digits?"
    a, b = comparable(a), comparable(b)
    if NUMBER.split(a)!=NUMBER.split(b): return False
    return all(same_number(x, y, unit) for x, y in zip(NUMBER.findall(a), NUMBER.findall(b)))

def pixels(code): return np.asarray(Image.open(io.BytesIO(base64.b64decode(code))).convert('RGBA'), dtype=float)

def same_png(a, b):
    "Do two pictures in base64 differ by less than 1 % on average?"
    a, b = pixels(a), pixels(b)
    return a.shape==b.shape and abs(a - b).mean() < 2.55

LENGTHS = {'h': 1, 'v': 1, 'c': 6, 's': 4, 'q': 4, 'a': 7}   # numbers for one step of an SVG path; 2 for the others

def steps(path):
    "The commands of an SVG `path`, one step each, as pairs of a letter and its numbers"
    for letter, rest in re.findall('([A-DF-Za-df-z])([^A-DF-Za-df-z]*)', path):
        numbers = [float(o) for o in re.findall(r'-?(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d+)?', rest)]
        length = LENGTHS.get(letter.lower(), 2)
        for i in range(0, len(numbers), length): yield letter, numbers[i:i+length]

def extent(path):
    "The lowest and highest x and y to which an SVG `path` steps, and the last"
    x, y, xs, ys = 0., 0., [], []
    for letter, numbers in steps(path):
        start = (0., 0.) if letter.isupper() else (x, y)
        if letter not in 'vV': x = start[0] + numbers[0 if letter in 'hH' else -2]
        if letter not in 'hH': y = start[1] + numbers[-1]
        xs.append(x)
        ys.append(y)
    return min(xs), max(xs), min(ys), max(ys), x, y

def same_path(a, b):
    "Do two SVG paths go to the same places, but for 2 points? (A picture has some 400.)"
    return a==b or all(math.isclose(p, q, abs_tol=2) for p, q in zip(extent(a), extent(b)))

def same_svg(a, b):
    "Do two SVG pictures, as `small_svg` makes them, show the same?"
    for found, same in ((PNG, same_png), (PATH, same_path)):
        ours, theirs = found.findall(a), found.findall(b)
        if len(ours)!=len(theirs) or not all(map(same, ours, theirs)): return False
        a, b = found.sub('', a), found.sub('', b)
    return same_text(a, b, unit=2)

def shown(outputs):
    "What a cell shows, as pairs of a kind and a text, in one order whoever ran it: streams, displays, the result"
    printed = {o['name']: '' for o in outputs if o['output_type']=='stream'}
    for o in outputs:
        if o['output_type']=='stream': printed[o['name']] += ''.join(o['text'])
    parts = [(name, without_bars(text)) for name, text in sorted(printed.items())]
    for o in sorted((o for o in outputs if 'data' in o), key=lambda o: o['output_type']):
        parts += [(kind, ''.join(data)) for kind, data in sorted(o['data'].items())]
    return [(kind, text) for kind, text in parts if text.strip()]

def same(kind, stored, fresh, numbers=True):
    "Does one `stored` text of a cell say what the `fresh` one says? Without `numbers`, words alone count."
    if kind=='image/svg+xml': return not numbers or same_svg(stored, small_svg(fresh))
    if numbers: return same_text(stored, fresh)
    return NUMBER.sub('0', comparable(stored))==NUMBER.sub('0', comparable(fresh))

def around(a, b, width=300):
    "The texts `a` and `b` from a little before the first place where they differ"
    start = max(0, len(os.path.commonprefix([a, b])) - 60)
    return f'--- stored\n{a[start:start+width]}\n--- now\n{b[start:start+width]}'

def differences(nb, fresh, numbers=True):
    "A text for each output of the notebook `nb` that differs from the one in `fresh`, outputs by the ids of cells"
    for cell in notebooks.code_cells(nb):
        if cell['id'] not in fresh: continue
        ours, theirs = shown(cell['outputs']), shown(fresh[cell['id']])
        timed = notebooks.text(cell).startswith('#| timing')   # It shows how long something took: only the kind counts
        if timed and [kind for kind, _ in ours]==[kind for kind, _ in theirs]: continue
        if [kind for kind, _ in ours]!=[kind for kind, _ in theirs]: pairs = [(str(ours), str(theirs))]
        else: pairs = [(a, b) for (kind, a), (_, b) in zip(ours, theirs) if not same(kind, a, b, numbers)]
        for a, b in pairs: yield f'{notebooks.text(cell)}\n{around(a, b)}'

def main(args):
    "Refresh the notebooks that are named, those that changed, or all"
    everything = args==['--all']
    paths = notebooks.paths() if everything else [*map(Path, args)] or [*changed()]
    if not paths: print('Nothing has changed since the outputs were stored.')
    if paths and not everything and not made_here():
        print('This machine rounds differently from the one of the other outputs: `python -m tools.outputs --all`')
    with TemporaryDirectory() as home:   # Nobody's own progress gets into the outputs
        os.environ |= {'SGD_COURSE_HOME': home, 'OMP_NUM_THREADS': '1'}   # On one core, sums come out alike everywhere
        for path in paths:
            print(path.name, flush=True)
            refresh(path)
            note(path.resolve().relative_to(notebooks.ROOT).as_posix())
    if everything: write_whole(NOTE, f'{arithmetic()}\n'.encode())

if __name__ == '__main__': main(sys.argv[1:])
