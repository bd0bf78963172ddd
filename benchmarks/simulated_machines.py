"""Machines that share the batches, and links between them as slow as you say: `python -m benchmarks.simulated_machines`

Each machine is a network namespace of Linux with one link to a common bridge; `tc` bounds its bandwidth (tbf) and
delays what it sends (netem). That takes root and a kernel that has these parts; where they are missing, the reason is
said and nothing is measured. Writes sgd_course/content/results/simulated_machines.json, from which chapter 13 shows the
milliseconds of a step beside those of its formula. All times are the least of several rounds: what else the machine
does only lengthens them."""
import argparse, json, os, signal, subprocess, sys, tempfile
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

from sgd_course.files import write_whole

from .machine import machine
from .workers import NETWORKS, Seat

OUT = Path(__file__).resolve().parents[1]/'sgd_course'/'content'/'results'/'simulated_machines.json'
BRIDGE = 'sgdbridge'

def call(*words):
    "Run a command of the system; raises `RuntimeError` with what it said"
    try: done = subprocess.run(words, capture_output=True, text=True)
    except OSError as e: raise RuntimeError(f'there is no {words[0]} here: {e.strerror}') from e
    if done.returncode: raise RuntimeError(f'`{" ".join(words)}` said: {done.stderr.strip()}')

def undo(*words): subprocess.run(words, capture_output=True)

@contextmanager
def machines(p):
    "Names of `p` network namespaces, 10.77.0.1 and on, that reach each other through a bridge"
    names = [f'sgd{k + 1}' for k in range(p)]
    with ExitStack() as stack:
        call('ip', 'link', 'add', BRIDGE, 'type', 'bridge')
        stack.callback(undo, 'ip', 'link', 'del', BRIDGE)
        call('ip', 'link', 'set', BRIDGE, 'up')
        for k, name in enumerate(names, 1):
            call('ip', 'netns', 'add', name)
            stack.callback(undo, 'ip', 'netns', 'del', name)
            call('ip', 'link', 'add', f'{name}out', 'type', 'veth', 'peer', 'name', 'link0', 'netns', name)
            stack.callback(undo, 'ip', 'link', 'del', f'{name}out')
            call('ip', 'link', 'set', f'{name}out', 'master', BRIDGE, 'up')
            inside = ['ip', 'netns', 'exec', name, 'ip']
            call(*inside, 'addr', 'add', f'10.77.0.{k}/24', 'dev', 'link0')
            for device in ('lo', 'link0'): call(*inside, 'link', 'set', device, 'up')
        yield names

def slow_down(name, megabits, milliseconds):
    "Bound what a machine sends to `megabits` a second, and delay it by `milliseconds`"
    tc = ['ip', 'netns', 'exec', name, 'tc', 'qdisc', 'replace', 'dev', 'link0']
    rate = ['tbf', 'rate', f'{megabits}mbit', 'burst', '32kb', 'latency', '200ms']
    if not milliseconds: return call(*tc, 'root', *rate)
    call(*tc, 'root', 'handle', '1:', 'netem', 'delay', f'{milliseconds}ms', 'limit', '100000')
    call(*tc, 'parent', '1:', *rate)

def milliseconds(seat, rounds, times, **job):
    "The least that the job takes over the rounds, of which the first is for warming up, divided by `times`"
    return round(min([seat.turn(**job) for _ in range(rounds + 1)][1:])/times*1000, 3)

def step_of(seat, sizes, batch, o):
    "Milliseconds of a step; a turn has at least twenty, beside which the start of a training is short"
    epochs = -(-20*batch//o.rows)
    return milliseconds(seat, o.rounds, epochs*-(-o.rows//batch), sizes=sizes, batch=batch, epochs=epochs)

def seat_in(names, folder, rows):
    "One worker in each of the machines"
    env = {'LOCAL_WORLD_SIZE': '1', 'LOCAL_RANK': '0', 'GLOO_SOCKET_IFNAME': 'link0'}
    inside = [(['ip', 'netns', 'exec', name], env) for name in names]
    return Seat('ours', len(names), 1, rows, folder, inside)

def measure(o, delays, folder):
    "Row after row, one for each number of machines, bandwidth, delay, network and batch size"
    alone, cores = Seat('ours', 1, 1, o.rows, folder), len(os.sched_getaffinity(0))
    cases = [(name, sizes, batch) for name, sizes in NETWORKS.items() for batch in o.batches]
    compute = {(name, batch): step_of(alone, sizes, batch, o) for name, sizes, batch in cases}
    alone.close()
    for p in o.machines:
        with machines(p) as names:
            seat = seat_in(names, folder, o.rows)
            for megabits in o.megabits:
                for delay in delays:
                    for name in names: slow_down(name, megabits, delay)
                    latency = milliseconds(seat, o.rounds, 20*2*(p - 1), numbers=1)
                    for name, sizes, batch in cases:
                        yield {'machines': p, 'cores': cores, 'Mbit/s': megabits, 'delay ms': delay,
                            'latency ms': latency, 'network': name, 'batch': batch,
                            'bytes': 4*sum((a + 1)*b for a, b in pairwise(sizes)), 'alone ms': compute[name, batch],
                            'measured ms': step_of(seat, sizes, batch, o)}
            seat.close()

def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('--machines', type=int, nargs='+', default=[2, 4], help='how many')
    add('--megabits', type=int, nargs='+', default=[100, 1000], help='a second, for each link')
    add('--delays', type=float, nargs='+', default=[0., 1., 5.], help='milliseconds, one way')
    add('--batches', type=int, nargs='+', default=[64, 1024], help='digits in a batch, of all machines together')
    add('--rounds', type=int, default=5, help='how often everything is measured')
    add('--rows', type=int, default=2048, help='digits in an epoch')
    add('--out', type=Path, default=OUT, help='the file to write')
    o = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))   # So that the networks are taken down
    skipped = []
    try:
        if not hasattr(os, 'geteuid') or os.geteuid(): raise RuntimeError('that takes root, on Linux')
        with machines(1) as (name,): slow_down(name, 100, 0)
    except RuntimeError as e: sys.exit(f'Skipped: no machines can be simulated here, because {e}')
    try:
        with machines(1) as (name,): slow_down(name, 100, 1)
        delays = o.delays
    except RuntimeError as e:
        skipped, delays = [f'delays, because {e}'], [0.]
        print(f'Skipped: {skipped[0]}')
    found = {'machine': machine(), 'load': list(os.getloadavg()), 'rounds': o.rounds, 'skipped': skipped, 'rows': []}
    with tempfile.TemporaryDirectory() as folder:
        for row in measure(o, delays, folder):
            found['rows'].append(row)
            write_whole(o.out, (json.dumps(found, indent=1) + '\n').encode())   # What there is, if it is interrupted
            print(row, flush=True)
    print(f'Written to {o.out}')

if __name__=='__main__': main()
