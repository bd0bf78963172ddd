"Laws of `sgd_course.many_machines`: sums in a ring, the time of a step, what is left of a gradient, and stale ones"
import json, math
from concurrent.futures import ThreadPoolExecutor
from queue import Queue

import pytest, torch
import torch.distributed as dist
import torch.nn.functional as F
from hypothesis import assume, strategies as st
from torch import nn, tensor

from laws import law
from experiments import many_machines as experiment
from sgd_course.many_machines import (average_gradients, best_machines, eight_bits, in_processes, largest, noise_scale,
    ring_all_reduce, stale_limit, step_time, train_share)
from sgd_course.mini_batches import SGD, train_epoch
from sgd_course.nonlinearity import mlp

def seeded(k): return torch.Generator().manual_seed(k)

seeds = st.integers(0, 2**31)
seconds, sizes, speeds, delays = st.floats(1e-5, 1e3), st.floats(1, 1e10), st.floats(1e5, 1e11), st.floats(1e-7, 0.1)

# A ring

def in_a_ring(values):
    "What each worker has in the end, and how many numbers each has sent; the workers are threads"
    p = len(values)
    lines, sent = [Queue() for _ in range(p)], [0]*p
    def work(rank):
        def exchange(outgoing, incoming):
            sent[rank] += outgoing.numel()
            lines[rank].put(outgoing.clone())
            incoming.copy_(lines[rank - 1].get(timeout=30))
        mine = values[rank].clone()
        ring_all_reduce(mine, rank, p, exchange)
        return mine
    with ThreadPoolExecutor(p) as pool: return list(pool.map(work, range(p))), sent

@law(st.integers(1, 7), st.integers(1, 40), seeds, examples=40)
def test_everyone_has_the_sum(p, n, seed):
    values = torch.randn(p, n, generator=seeded(seed), dtype=torch.float64)
    ends, sent = in_a_ring(values)
    for end in ends: torch.testing.assert_close(end, values.sum(0), rtol=0, atol=1e-12)
    assert all(end.equal(ends[0]) for end in ends), 'the same to the last bit, or the models would drift apart'

@law(st.integers(1, 7), st.integers(1, 10))
def test_nobody_sends_more_than_twice_the_values(p, k):
    _, sent = in_a_ring(torch.ones(p, k*p))
    assert sent==[2*(p - 1)*k]*p

def test_a_rank_outside_the_ring_is_refused():
    with pytest.raises(ValueError, match='rank to be a whole number'): ring_all_reduce(torch.ones(2), 2, 2, print)

# Processes

@pytest.fixture
def alone(tmp_path):
    "A group of one process: this one"
    dist.init_process_group('gloo', store=dist.FileStore(str(tmp_path/'store'), 1), rank=0, world_size=1)
    yield
    dist.destroy_process_group()

def problem():
    x, y = torch.randn(50, 6, generator=seeded(1), dtype=torch.float64), torch.arange(50)%3
    batches = [*torch.randperm(50, generator=seeded(2)).split(16)]*3
    return mlp([6, 5, 3], generator=seeded(3)).double(), x, y, batches

def plain():
    "The same training by the loop of chapter 5"
    model, x, y, batches = problem()
    train_epoch(model, [(x[rows], y[rows]) for rows in batches], F.cross_entropy, SGD(model.parameters(), 0.3))
    return nn.utils.parameters_to_vector(model.parameters()).detach()

def test_a_group_of_one_trains_as_ever(alone):
    model, x, y, batches = problem()
    before = [p.detach().clone() for p in model.parameters()]
    torch.testing.assert_close(train_share(model, x, y, batches, F.cross_entropy, 0.3), plain(), rtol=0, atol=1e-12)
    assert all(p.equal(q) for p, q in zip(model.parameters(), before)), 'a copy is trained'
    w = nn.Parameter(torch.ones(2))
    w.grad = tensor([3., 4.])
    average_gradients([w])
    assert w.grad.tolist()==[3., 4.]

def test_gradients_of_nothing_or_twice_of_one_are_refused(alone):
    "`parameters()` can be gone through once: who keeps it for the next step would average nothing, in silence"
    model = problem()[0]
    kept = model.parameters()
    F.mse_loss(model(torch.ones(1, 6).double()), torch.ones(1, 3).double()).backward()
    average_gradients(kept)
    with pytest.raises(ValueError, match='params to be a list of tensors'): average_gradients(kept)
    with pytest.raises(ValueError, match='each tensor once'): average_gradients([*model.parameters()]*2)

def test_a_batch_without_a_row_for_everyone_is_refused(alone):
    "The mean loss of no row is nan, and would reach all workers"
    nothing = torch.empty(0, dtype=torch.int64)
    with pytest.raises(ValueError, match='batches of 1 rows or more'):
        train_share(*problem()[:3], [nothing], F.cross_entropy, 0.3)

@pytest.mark.long
def test_two_processes_train_as_one_does():
    "Batches of 16, 16, 16 and 2: of the last, each worker has a single digit"
    ends = in_processes(2, train_share, *problem(), F.cross_entropy, 0.3)
    assert ends[0].equal(ends[1])
    torch.testing.assert_close(ends[0], plain(), rtol=0, atol=1e-6)

@pytest.mark.parametrize('said, p, work', [('p to be a whole number', 0, print), ('at most 64|to 64', 65, print),
    ('work to be a function', 2, 'train_share')])
def test_processes_refuse(said, p, work):
    with pytest.raises(ValueError, match=said): in_processes(p, work)

# The time of a step

@law(seconds, sizes, speeds, delays)
def test_one_machine_does_not_talk(compute, nbytes, bandwidth, latency):
    assert step_time(1, compute, nbytes, bandwidth, latency)==compute

@law(st.integers(2, 500), seconds, sizes, speeds, delays)
def test_no_number_of_machines_beats_the_best(p, compute, nbytes, bandwidth, latency):
    best = best_machines(compute, nbytes, bandwidth, latency)
    times = [step_time(q, compute, nbytes, bandwidth, latency) for q in (best, p)]
    assert times[0] <= times[1]*(1 + 1e-9)

@law(seconds, sizes, speeds, delays)
def test_sharing_pays_only_where_computing_takes_longer_than_sending_twice(compute, nbytes, bandwidth, latency):
    if best_machines(compute, nbytes, bandwidth, latency) > 1: assert compute > 2*nbytes/bandwidth

@law(st.integers(2, 500), st.floats(1, 1e5), sizes, speeds, st.floats(2, 100))
def test_the_size_of_the_network_falls_out(p, batch, weights, bandwidth, times):
    "Without latency"
    def gain(weights):
        compute = weights*batch*6/1e10
        return compute/step_time(p, compute, 4*weights, bandwidth, 0.)
    assert math.isclose(gain(weights), gain(times*weights), rel_tol=1e-9)

# Noise

def test_noise_scale_is_that_of_the_formula():
    "A mean of length 2, and examples that are off by 6: at a batch of 9 both are equally long"
    g = seeded(1)
    each = torch.randn(20_000, 4, generator=g, dtype=torch.float64)*3 + 1
    small = each.view(-1, 10, 4).mean(1)
    assert noise_scale(small, each.mean(0), 10, len(each))==pytest.approx(9., rel=0.1)

def test_noise_scale_of_two_equations():
    "Signal 4 and noise 100: squared lengths of 4 + 100/10 and 4 + 100/50"
    assert noise_scale(tensor([[14.]]).sqrt(), tensor([6.]).sqrt(), 10, 50)==pytest.approx(25, rel=1e-5)

def test_noise_scale_refuses():
    with pytest.raises(ValueError, match='B larger than b, 8'): noise_scale(torch.ones(2, 3), torch.ones(3), 8, 8)
    with pytest.raises(ValueError, match='shapes'): noise_scale(torch.ones(2, 3), torch.ones(4), 1, 8)

# Short gradients

vectors = st.lists(st.floats(-100, 100, width=32), min_size=1, max_size=30)

@law(vectors, st.floats(0, 1))
def test_the_largest_are_kept(numbers, share):
    values = tensor(numbers)
    kept = largest(values, share)
    is_kept = kept!=0
    assert kept[is_kept].equal(values[is_kept]) and is_kept.sum() <= max(1, round(share*len(values)))
    if is_kept.any(): assert values[is_kept].abs().min() >= values[~is_kept].abs().max() if (~is_kept).any() else True
    assert largest(values, 1.).equal(values)

@law(vectors)
def test_eight_bits_are_off_by_half_a_unit_at_most(numbers):
    values = tensor(numbers)
    assume(values.abs().max() > 1e-30)
    unit = values.abs().max()/127
    arrived = eight_bits(values)
    assert (arrived - values).abs().max() <= 0.5001*unit and len((arrived/unit).round().unique()) <= 255

def test_zeros_stay_zeros(): assert eight_bits(torch.zeros(3)).tolist()==[0.]*3

# Stale gradients

@pytest.mark.parametrize('delay', [0, 1, 2, 5, 20])
def test_limit_is_where_the_largest_root_reaches_one(delay):
    "The roots of z^(d+1) - z^d + lr decide; they are the eigenvalues of its companion matrix"
    def largest_root(lr):
        companion = torch.diag(torch.ones(delay, dtype=torch.float64), -1)
        companion[0, 0] += 1
        companion[0, -1] -= lr
        return torch.linalg.eigvals(companion).abs().max().item()
    assert largest_root(0.999*stale_limit(delay)) < 1 < largest_root(1.001*stale_limit(delay))

def test_known_limits(): assert (stale_limit(0), stale_limit(1))==(pytest.approx(2), pytest.approx(1))

# The long runs

def test_short_version_of_the_long_runs():
    "Every part runs, and has the shape of the record that the chapter shows"
    found = experiment.main(['--check'])
    record = json.loads(experiment.OUT.read_text(encoding='utf-8'))
    assert found.keys()==record.keys()
    for part in found: assert {*found[part][0]}=={*record[part][0]}

def test_recorded_rates_are_no_ends_of_their_grid():
    "At an end, a better rate may lie beyond; with momentum on the averages only the best rates without it were tried"
    record = json.loads(experiment.OUT.read_text(encoding='utf-8'))
    at_an_end = []
    for part in ('less_often', 'shorter', 'late'):
        for o in record[part]:
            rates = sorted({setting[0] for setting, _ in o['grid']})
            is_end = o['best'][0] in (rates[0], rates[-1])
            if is_end and o.get('outer')!='momentum': at_an_end.append((part, o['best'], o['losses']))
    assert at_an_end==[]
