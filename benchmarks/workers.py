"""What two workers gain on one machine: `python -m benchmarks.workers` writes sgd_course/content/results/workers.json

A turn is a training, from the model as it was made to its last step. All contenders are alive at the same time and take
turns in a random order, so ratios hold where seconds do not."""
import argparse, json, os, random, secrets, socket, statistics, subprocess, sys, tempfile, threading, time
from importlib.util import find_spec
from pathlib import Path

from sgd_course.app.launching import environments
from sgd_course.files import write_whole

from .machine import machine

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT/'sgd_course'/'content'/'results'/'workers.json'
NETWORKS = {'784-100-10': [784, 100, 10], '784-512-512-10': [784, 512, 512, 10]}
CONTENDERS = { # Kind of training, processes, threads of each, module that must be there
    'one process, one thread': ('ours', 1, 1, ''),
    'one process, two threads': ('ours', 1, 2, ''),
    'two processes, one thread each': ('ours', 2, 1, ''),
    'two processes, plain DDP script': ('plain', 2, 1, ''),
    "two processes, Lightning's DDP": ('lightning', 2, 1, 'lightning'),
    "two processes, Accelerate's DDP": ('accelerate', 2, 1, 'accelerate')}

# In each worker

def ours(workers, sizes, batch, data, epochs):
    "A `Learner`, ready to train"
    import torch
    from torch.nn.functional import cross_entropy
    from sgd_course.learner import Learner
    from sgd_course.mini_batches import DataLoader
    from sgd_course.nonlinearity import mlp
    g = torch.Generator().manual_seed(0)
    loader = DataLoader(*data, batch, shuffle=True, generator=g)
    learn = Learner(mlp(sizes, generator=g), loader, None, cross_entropy, callbacks=[workers], device='cpu')
    return lambda: learn.fit(epochs)

def shares(workers, batch, data, epochs):
    "This worker's examples, batch after batch"
    import torch
    x, y = data
    g = torch.Generator().manual_seed(0)
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=g).split(batch):
            mine = rows[workers.rank::workers.size]
            yield x[mine], y[mine]

def plain(workers, sizes, batch, data, epochs):
    "The loop that everybody writes around `DistributedDataParallel`"
    import torch
    from torch.nn.functional import cross_entropy
    from torch.nn.parallel import DistributedDataParallel
    from sgd_course.nonlinearity import mlp
    net = mlp(sizes, generator=torch.Generator().manual_seed(0))
    def turn():
        model = DistributedDataParallel(net)
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        for xb, yb in shares(workers, batch, data, epochs):
            cross_entropy(model(xb), yb).backward()
            opt.step()
            opt.zero_grad()
    return turn

def accelerate(workers, sizes, batch, data, epochs):
    "The same loop with Accelerate's wrapper"
    import torch
    from accelerate import Accelerator
    from torch.nn.functional import cross_entropy
    from sgd_course.nonlinearity import mlp
    helper = Accelerator(cpu=True)
    net = mlp(sizes, generator=torch.Generator().manual_seed(0))
    def turn():
        model, opt = helper.prepare(net, torch.optim.SGD(net.parameters(), lr=0.1))
        for xb, yb in shares(workers, batch, data, epochs):
            helper.backward(cross_entropy(model(xb), yb))
            opt.step()
            opt.zero_grad()
    return turn

def lightning(workers, sizes, batch, data, epochs):
    "The same steps by Lightning's trainer, which shares out the batches itself"
    import lightning, torch
    from torch.nn.functional import cross_entropy
    from sgd_course.nonlinearity import mlp
    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = mlp(sizes, generator=torch.Generator().manual_seed(0))
        def training_step(self, pair, i): return cross_entropy(self.net(pair[0]), pair[1])
        def configure_optimizers(self): return torch.optim.SGD(self.parameters(), lr=0.1)
    class Shares:
        def __len__(self): return -(-len(data[0])//batch)
        def __iter__(self): return shares(workers, batch, data, 1)
    quiet = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    trainer = lightning.Trainer(accelerator='cpu', devices=workers.size, strategy='ddp', max_epochs=epochs,
        use_distributed_sampler=False, **quiet)
    return lambda: trainer.fit(Module(), Shares())

def reduce_turn(workers, n):
    "Average `n` numbers over the workers, twenty times"
    import torch, torch.distributed as dist
    t = torch.ones(n)
    def turn():
        for _ in range(20): dist.all_reduce(t)
    return turn

def work(kind, rows):
    "A worker's life: wait for a turn, take it, say how long it took"
    import torch
    from sgd_course.data import load_mnist, to_vectors
    from sgd_course.workers import Workers
    torch.set_num_threads(int(os.environ['OMP_NUM_THREADS']))
    images, y = load_mnist('train')
    data = to_vectors(images[:rows]), y[:rows]
    out, sys.stdout = sys.stdout, sys.stderr
    workers = Workers()
    while True:
        job = workers.from_first(lambda: json.loads(sys.stdin.readline() or 'null'))
        if job is None: break
        if 'numbers' in job: turn = reduce_turn(workers, job['numbers'])
        else: turn = globals()[kind](workers, job['sizes'], job['batch'], data, job['epochs'])
        workers.from_first(lambda: None)
        start = time.perf_counter()
        turn()
        if workers.first: print(time.perf_counter() - start, file=out, flush=True)

# Around them

class Seat:
    "The processes of one contender"
    def __init__(self, kind, processes, threads, rows, folder, places=None):
        "`places` holds, for each process, words to put before its command, and more of its environment"
        command = [sys.executable, '-m', 'benchmarks.workers', '--work', kind, '--rows', str(rows)]
        store, self.processes = str(Path(folder)/secrets.token_hex(4)), []
        for env, (before, more) in zip(environments(processes, store), places or [([], {})]*processes):
            env = os.environ | env | {'OMP_NUM_THREADS': str(threads)} | more
            pipes = dict(stdin=subprocess.DEVNULL)
            if not self.processes: pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            self.processes.append(subprocess.Popen([*before, *command], env=env, cwd=ROOT, text=True, **pipes))

    def turn(self, **job):
        "Seconds that the job took"
        first = self.processes[0]
        print(json.dumps(job), file=first.stdin, flush=True)
        return float(first.stdout.readline())

    def close(self):
        self.processes[0].stdin.close()
        for p in self.processes: p.wait()

def loopback(size=64*2**20):
    "Bytes per second of one connection by the loopback"
    def sink():
        connection, _ = server.accept()
        while connection.recv(2**20): pass
        connection.close()
    with socket.create_server(('127.0.0.1', 0)) as server:
        thread = threading.Thread(target=sink)
        thread.start()
        data, start = bytes(size), time.perf_counter()
        with socket.create_connection(server.getsockname()) as client:
            client.sendall(data)
        thread.join()
        return size/(time.perf_counter() - start)

def race(seats, o):
    "Median seconds of a step for each network, batch size and contender"
    order, found = random.Random(0), {}
    for name, sizes in NETWORKS.items():
        for batch in o.batches:
            epochs = -(-o.steps*batch//o.rows)   # A hundred steps, beside which the start of a training is short
            steps, times = epochs*-(-o.rows//batch), {label: [] for label in seats}
            for k in range(o.rounds + 1):
                for label in order.sample(list(seats), len(seats)):
                    seconds = seats[label].turn(sizes=sizes, batch=batch, epochs=epochs)/steps
                    if k: times[label].append(seconds)   # The first round is for warming up
            found.setdefault(name, {})[batch] = summary(times)
            print(name, batch, found[name][batch], flush=True)
    return found

def summary(times):
    """Milliseconds of a step, their median and the least, which what else the machine does lengthens least; and how
    often a step goes into the time of one process with one thread, round by round"""
    first = next(iter(times.values()))
    return {label: {'ms': round(1000*statistics.median(t), 3), 'least ms': round(1000*min(t), 3),
                    'speed': round(statistics.median(a/b for a, b in zip(first, t)), 3)} for label, t in times.items()}

def messages(folder, rounds):
    "What all-reduce takes at least for different sizes, beside the loopback itself"
    seat, found = Seat('reduce', 2, 1, 256, folder), {'loopback': [], 'reduce': {}}
    sizes = [1, 1000, 79_510, 669_706, 10**7]   # The middle ones are the weights of both networks
    for k in range(rounds):
        found['loopback'].append(loopback())
        for n in sizes: found['reduce'].setdefault(n, []).append(seat.turn(numbers=n)/20)
    seat.close()
    seconds = {n: min(t) for n, t in found['reduce'].items()}
    return {'loopback GB/s': round(max(found['loopback'])/1e9, 3),
            'microseconds': {n: round(1e6*s, 1) for n, s in seconds.items()},
            'GB/s': {n: round(4*n/s/1e9, 4) for n, s in seconds.items()}}

RESTART = '''
import os, signal, sys, time
from pathlib import Path
from sgd_course.app.train import Settings, train_digits
from sgd_course.workers import Workers
killed, again = Path(sys.argv[1] + '.killed'), Path(sys.argv[1] + '.again')
class Kill:
    def after_batch(self, learn):
        if killed.exists(): again.exists() or again.write_text(str(time.time()))
        elif learn.epoch==1:
            killed.write_text(str(time.time()))
            os.kill(os.getpid(), signal.SIGKILL)
with Workers() as workers:
    last = workers.rank==workers.size - 1
    settings = Settings(epochs=2, hidden=(100,), batch_size=1000, device='cpu')
    train_digits(sys.argv[1], settings, callbacks=[Kill()] if last else [], workers=workers)
'''

def restart(folder):
    "Seconds from the death of a worker to the first step behind the checkpoint"
    program, out = Path(folder, 'restart.py'), Path(folder, 'restart.pt')
    program.write_text(RESTART)
    torchrun = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', '2', '--max-restarts', '1']
    env = os.environ | {'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    done = subprocess.run([sys.executable, *torchrun, str(program), str(out)], env=env, capture_output=True, text=True)
    if done.returncode: raise RuntimeError(done.stderr)
    killed, again = (float(Path(f'{out}.{name}').read_text()) for name in ('killed', 'again'))
    return again - killed

def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--rounds', type=int, default=7, help='how many turns everyone has')
    parser.add_argument('--rows', type=int, default=8192, help='digits in an epoch')
    parser.add_argument('--steps', type=int, default=100, help='the fewest in a turn')
    parser.add_argument('--batches', type=int, nargs='+', default=[64, 256, 1024, 4096], help='digits in a batch')
    parser.add_argument('--out', type=Path, default=OUT, help='the file to write')
    parser.add_argument('--work', help=argparse.SUPPRESS)
    o = parser.parse_args()
    if o.work: return work(o.work, o.rows)
    missing = [f'{label}, because there is no {m} here' for label, (_, _, _, m) in CONTENDERS.items()
               if m and not find_spec(m)]
    for line in missing: print(f'Skipped: {line}')
    with tempfile.TemporaryDirectory() as folder:
        found = {'machine': machine(), 'load': list(os.getloadavg()) if hasattr(os, 'getloadavg') else None,
            'rounds': o.rounds, 'rows': o.rows, 'skipped': missing, 'restart seconds': round(restart(folder), 1),
            'messages': messages(folder, o.rounds)}
        print(found)
        seats = {label: Seat(*job, o.rows, folder) for label, (*job, m) in CONTENDERS.items() if not m or find_spec(m)}
        found['steps'] = race(seats, o)
        for seat in seats.values(): seat.close()
    write_whole(o.out, (json.dumps(found, indent=1) + '\n').encode())
    print(f'Written to {o.out}')

if __name__=='__main__': main()
