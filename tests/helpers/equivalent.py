"Mutants of right answers that are right as well: for each exercise the change, and why it makes no difference"

TIE = 'it matters only where both sides are equal, and there either answer is right'
OVERWRITTEN = 'the value is replaced before it is used, or is the default anyway'
ZERO = 'minus zero is zero'
SIGN = 'the sign is lost later: in a square, in a size, in a truth value, in a quotient, or in a draw that is symmetric'
NUMBER = 'a tensor, or a list of tensors, with the same numbers is as good'
AXIS = 'of a vector, axis 0 is the only one and the last; of a matrix, axis 1 is the last; so is the second of two things'
RECORD = 'only what autograd keeps differs, not the numbers'
SMALL = 'any small distance shows the same, to the left first or to the right first'
TRUTH = 'a truth value compared with a 1 or 0 gives the same'
COPIED = 'the next line makes a copy in any case'
BOTH = 'both are treated alike, so their order does not matter'

EQUIVALENT = {
    'quadratic_loss.training_loop': {
        'w.item() -> w in return w.item()': NUMBER,
        '(w - lr * g).detach() -> w - lr * g in w = (w - lr * g).detach()': RECORD,
    },
    'quadratic_loss.level_ground': {
        '0.01 -> -0.01 in def level(f, x, h=0.01):': SMALL,
        '0.01 -> 0.02 in def level(f, x, h=0.01):': SMALL,
        '(f(x - h), f(x + h)) -> (f(x + h), f(x - h)) in left, right = (f(x - h), f(x + h))': BOTH,
        'x + s -> x - s in signs = [(f(x + s) > f(x)) - (f(x + s) < f(x)) for s in (-h, h)]': BOTH,
        'x + s -> x - s in signs = [(f(x + s) > f(x)) - (f(x + s) < f(x)) for s in (-h, h)], place 2': BOTH,
        '(-h, h) -> (h, -h) in signs = [(f(x + s) > f(x)) - (f(x + s) < f(x)) for s in (-h, h)]': BOTH,
        '[f(x - h), f(x + h)] -> [f(x + h), f(x - h)] in here, there = (f(x), sorted([f(x - h), f(x + h)]))': BOTH,
        "1 -> -1 in return 'maximum' if there[1] < here else 'neither'": AXIS,
    },
    'quadratic_loss.off_course': {
        '(-gradient, minimum - place) -> (minimum - place, -gradient) in step, way = (-gradient, minimum - place)': BOTH,
        'step @ way -> way @ step in return torch.rad2deg(torch.acos(step @ way / (step.norm() * way.norm())))': BOTH,
        'torch.nn.functional.cosine_similarity(gradient, minimum - place, dim=0) -> torch.nn.functional.cosine_similarity(minimum - place, gradient, dim=0) in return 180 - torch.nn.functional.cosine_similarity(gradient, minimum - place, dim=0).acos() * 180 / math.pi': BOTH,
        '0 -> -1 in return 180 - torch.nn.functional.cosine_similarity(gradient, minimum - place, dim=0).acos() * 180 / math.pi': AXIS,
    },
    'learning_rate.units': {
        '(2 / curvature).item() -> 2 / curvature in return (2 / curvature).item()': NUMBER,
        'w = torch.zeros((), requires_grad=True) -> w = -torch.zeros((), requires_grad=True)': ZERO,
    },
    'pixel_weights.choose': {
        '1 -> -1 in best = sorted(((valid, lr) for lr, (train, valid, test) in runs.items()))[0][1]': AXIS,
    },
    'pixel_weights.share_right': {
        '((scores > 0) == (y == 1)).float().mean().item() -> ((scores > 0) == (y == 1)).float().mean() in return ((scores > 0) == (y == 1)).float().mean().item()': NUMBER,
        '(scores.reshape(y.shape) > 0).int() -> scores.reshape(y.shape) > 0 in right = (scores.reshape(y.shape) > 0).int() == y.int()': TRUTH,
        'y.int() -> y in right = (scores.reshape(y.shape) > 0).int() == y.int()': TRUTH,
        'right.sum().item() -> right.sum() in return right.sum().item() / len(y)': NUMBER,
        'scores.flatten().tolist() -> scores.flatten() in pairs = zip(scores.flatten().tolist(), y.tolist())': NUMBER,
        'y.tolist() -> y in pairs = zip(scores.flatten().tolist(), y.tolist())': NUMBER,
    },
    'pixel_weights.slopes': {
        '1 -> -1 in e = (x * w).sum(1) + b - y': AXIS,
        '(2 * e).mean(0) -> (2 * e).mean() in return ((2 * e[:, None] * x).mean(0), (2 * e).mean(0))': AXIS,
        '0 -> -1 in return ((2 * e[:, None] * x).mean(0), (2 * e).mean(0)), place 2': AXIS,
        '1 -> -1 in full = torch.cat([x, torch.ones(len(x), 1)], dim=1), place 2': AXIS,
    },
    'sigmoid.mistake_ratio': {
        'torch.minimum(p, 1 - p) -> torch.minimum(1 - p, p) in expected = torch.minimum(p, 1 - p).sum()': BOTH,
        '(says - p).abs().sum().item() -> (says - p).abs().sum() in expected = (says - p).abs().sum().item()': NUMBER,
        'says - p -> p - says in expected = (says - p).abs().sum().item()': SIGN,
        '(says - y).abs().sum().item() -> (says - y).abs().sum() in return (says - y).abs().sum().item() / expected': NUMBER,
        'says - y -> y - says in return (says - y).abs().sum().item() / expected': SIGN,
        'min(o, 1 - o) -> min(1 - o, o) in expected = sum((min(o, 1 - o) for o in p.tolist()))': BOTH,
        'p.tolist() -> p in expected = sum((min(o, 1 - o) for o in p.tolist()))': NUMBER,
        'p.tolist() -> p in made = sum(((o > 0.5) != (q == 1) for o, q in zip(p.tolist(), y.tolist())))': NUMBER,
        'y.tolist() -> y in made = sum(((o > 0.5) != (q == 1) for o, q in zip(p.tolist(), y.tolist())))': NUMBER,
    },
    'sigmoid.cheapest': {
        'mean < low -> mean <= low in if mean < low:': TIE,
        'charges.argmin().item() -> charges.argmin() in return (charges.argmin().item() + 1) / 100': NUMBER,
    },
    'sigmoid.train': {
        '1 -> -1 in w = torch.zeros(x.shape[1], requires_grad=True)': AXIS,
        'w.detach() -> w in return w.detach()': RECORD,
        'w = torch.zeros(x.shape[1]) -> w = -torch.zeros(x.shape[1])': ZERO,
        '1 -> -1 in w = torch.zeros(x.shape[1])': AXIS,
        'torch.maximum(s, torch.zeros_like(s)) -> torch.maximum(torch.zeros_like(s), s) in (torch.maximum(s, torch.zeros_like(s)) - s * y + torch.log1p(torch.exp(-s.abs()))).mean().backward()': BOTH,
        'torch.zeros_like(s) -> -torch.zeros_like(s) in (torch.maximum(s, torch.zeros_like(s)) - s * y + torch.log1p(torch.exp(-s.abs()))).mean().backward()': ZERO,
    },
    'sigmoid.from_scores': {
        'torch.maximum(scores, torch.zeros_like(scores)) -> torch.maximum(torch.zeros_like(scores), scores) in top = torch.maximum(scores, torch.zeros_like(scores))': BOTH,
        'torch.zeros_like(scores) -> -torch.zeros_like(scores) in top = torch.maximum(scores, torch.zeros_like(scores))': ZERO,
        'torch.logaddexp(torch.zeros_like(scores), scores) -> torch.logaddexp(scores, torch.zeros_like(scores)) in each = torch.logaddexp(torch.zeros_like(scores), scores) - y * scores': BOTH,
        'torch.zeros_like(scores) -> -torch.zeros_like(scores) in each = torch.logaddexp(torch.zeros_like(scores), scores) - y * scores': ZERO,
    },
    'mini_batches.deal': {
        'torch.randperm(m, generator=generator).tolist() -> torch.randperm(m, generator=generator) in order = torch.randperm(m, generator=generator).tolist()': NUMBER,
        'piece.tolist() -> piece in return [piece.tolist() for piece in torch.randperm(m, generator=generator).split(batch_size)]': NUMBER,
        'torch.rand(m, generator=generator).argsort().tolist() -> torch.rand(m, generator=generator).argsort() in for place, row in enumerate(torch.rand(m, generator=generator).argsort().tolist()):': NUMBER,
        'torch.rand(m, generator=generator) -> -torch.rand(m, generator=generator) in for place, row in enumerate(torch.rand(m, generator=generator).argsort().tolist()):': SIGN,
    },
    'mini_batches.same_steps': {
        '(w - lr * g).detach() -> w - lr * g in w = (w - lr * g).detach().requires_grad_()': RECORD,
        '1 -> -1 in w = torch.zeros(x.shape[1])': AXIS,
        '1 -> -1 in w = torch.zeros(x.shape[1], requires_grad=True)': AXIS,
        'w = torch.zeros(x.shape[1]) -> w = -torch.zeros(x.shape[1])': ZERO,
        'w = torch.zeros(x.shape[1], requires_grad=True) -> w = -torch.zeros(x.shape[1], requires_grad=True)': ZERO,
        'w.detach() -> w in return w.detach()': RECORD,
        'x[rows] @ w - y[rows] -> y[rows] - x[rows] @ w in loss = ((x[rows] @ w - y[rows]) ** 2).mean()': SIGN,
    },
    'mini_batches.sgd_epoch': {
        '(error ** 2).mean().item() -> (error ** 2).mean() in losses.append((error ** 2).mean().item())': NUMBER,
        '(error * x[rows]).mean().item() -> (error * x[rows]).mean() in w = w - lr * 2 * (error * x[rows]).mean().item()': NUMBER,
        'w * x[rows] - y[rows] -> y[rows] - w * x[rows] in loss = ((w * x[rows] - y[rows]) ** 2).mean()': SIGN,
        'loss.item() -> loss in losses.append(loss.item())': NUMBER,
        'w.item() -> w in return (w.item(), losses)': NUMBER,
    },
    'nonlinearity.start': {
        'w = torch.randn(n_out, n_in, generator=generator) * math.sqrt(2 / n_in) -> w = -(torch.randn(n_out, n_in, generator=generator) * math.sqrt(2 / n_in))': SIGN,
        'torch.randn(n_out, n_in, generator=generator) -> -torch.randn(n_out, n_in, generator=generator) in w = torch.randn(n_out, n_in, generator=generator) * math.sqrt(2 / n_in)': SIGN,
        'math.sqrt(2 / n_in) -> -math.sqrt(2 / n_in) in w = torch.randn(n_out, n_in, generator=generator) * math.sqrt(2 / n_in)': SIGN,
        'torch.zeros(n_out) -> -torch.zeros(n_out) in layers.append((w, torch.zeros(n_out)))': ZERO,
        'torch.randn(b, a, generator=generator) -> -torch.randn(b, a, generator=generator) in return [((2 / a) ** 0.5 * torch.randn(b, a, generator=generator), torch.zeros(b)) for a, b in pairs]': SIGN,
        'torch.zeros(b) -> -torch.zeros(b) in return [((2 / a) ** 0.5 * torch.randn(b, a, generator=generator), torch.zeros(b)) for a, b in pairs]': ZERO,
        'w = torch.empty(n_out, n_in) -> w = -torch.empty(n_out, n_in)': OVERWRITTEN,
        "torch.nn.init.kaiming_normal_(w, nonlinearity='relu', generator=generator) -> torch.nn.init.kaiming_normal_(w, generator=generator) in torch.nn.init.kaiming_normal_(w, nonlinearity='relu', generator=generator)": OVERWRITTEN,
        'torch.zeros(n_out) -> -torch.zeros(n_out) in layers.append([w, torch.zeros(n_out)])': ZERO,
    },
    'nonlinearity.forward': {
        'h > 0 -> h >= 0 in return forward(torch.where(h > 0, h, torch.zeros_like(h)), rest) if rest else h': TIE,
        'torch.zeros_like(h) -> -torch.zeros_like(h) in return forward(torch.where(h > 0, h, torch.zeros_like(h)), rest) if rest else h': ZERO,
    },
    'nonlinearity.standardise': {
        'a - a.mean() -> a.mean() - a in spread = ((a - a.mean()) ** 2).sum().div(len(a) - 1).sqrt()': SIGN,
        '1 -> -1 in return torch.stack(columns, dim=1)': AXIS,
    },
    'nonlinearity.dead': {
        '(scores <= 0).all(0).sum().item() -> (scores <= 0).all(0).sum() in return (scores <= 0).all(0).sum().item()': NUMBER,
        'int((torch.relu(x @ w.T + b).amax(0) == 0).sum()) -> (torch.relu(x @ w.T + b).amax(0) == 0).sum() in return int((torch.relu(x @ w.T + b).amax(0) == 0).sum())': NUMBER,
        'torch.relu(x @ w.T + b).amax(0) -> -torch.relu(x @ w.T + b).amax(0) in return int((torch.relu(x @ w.T + b).amax(0) == 0).sum())': ZERO,
        'any(((row * weights).sum() + bias > 0 for row in x)) -> -any(((row * weights).sum() + bias > 0 for row in x)) in if not any(((row * weights).sum() + bias > 0 for row in x)):': SIGN,
    },
    'full_mnist.digit_loss': {
        '1 -> -1 in logs = scores - scores.logsumexp(1, keepdim=True)': AXIS,
        '1 -> -1 in return torch.nn.functional.nll_loss(torch.log_softmax(scores, dim=1), y)': AXIS,
    },
    'full_mnist.accuracy': {
        '(scores.argmax(1, keepdim=True) == y.reshape(-1, 1)).float().mean().item() -> (scores.argmax(1, keepdim=True) == y.reshape(-1, 1)).float().mean() in return (scores.argmax(1, keepdim=True) == y.reshape(-1, 1)).float().mean().item()': NUMBER,
        '1 -> -1 in return (scores.argmax(1, keepdim=True) == y.reshape(-1, 1)).float().mean().item()': AXIS,
        '1 -> -1 in said = scores.argmax(1)': AXIS,
        'int(row.argmax()) -> row.argmax() in right = [int(row.argmax()) == int(label) for row, label in zip(scores, y)]': NUMBER,
    },
    'learner.stop_early': {
        '0 -> 1 in best, best_epoch = (math.inf, 0)': OVERWRITTEN,
        '0 -> -1 in best, best_epoch = (math.inf, 0)': OVERWRITTEN,
    },
    'full_mnist.apart': {
        '(torch.tensor(a), torch.tensor(b)) -> (torch.tensor(b), torch.tensor(a)) in a, b = (torch.tensor(a), torch.tensor(b))': BOTH,
        '((a.mean() - b.mean()).abs() / error).item() -> (a.mean() - b.mean()).abs() / error in return ((a.mean() - b.mean()).abs() / error).item()': NUMBER,
        'a.mean() - b.mean() -> b.mean() - a.mean() in return ((a.mean() - b.mean()).abs() / error).item()': SIGN,
        'v - mean(o) -> mean(o) - v in return sum(((v - mean(o)) ** 2 for v in o)) / (len(o) - 1)': SIGN,
        'mean(a) - mean(b) -> mean(b) - mean(a) in return abs(mean(a) - mean(b)) / math.sqrt(variance(a) / len(a) + variance(b) / len(b))': SIGN,
        'max(mean(a), mean(b)) -> max(mean(b), mean(a)) in gap = max(mean(a), mean(b)) - min(mean(a), mean(b))': BOTH,
        'min(mean(a), mean(b)) -> min(mean(b), mean(a)) in gap = max(mean(a), mean(b)) - min(mean(a), mean(b))': BOTH,
        'math.hypot(stdev(a) / len(a) ** 0.5, stdev(b) / len(b) ** 0.5) -> math.hypot(stdev(b) / len(b) ** 0.5, stdev(a) / len(a) ** 0.5) in return gap / math.hypot(stdev(a) / len(a) ** 0.5, stdev(b) / len(b) ** 0.5)': BOTH,
        'stdev(a) -> -stdev(a) in return gap / math.hypot(stdev(a) / len(a) ** 0.5, stdev(b) / len(b) ** 0.5)': SIGN,
        'stdev(b) -> -stdev(b) in return gap / math.hypot(stdev(a) / len(a) ** 0.5, stdev(b) / len(b) ** 0.5)': SIGN,
    },
    'learner.keep': {
        "'g' -> 'g!' in kept = deepcopy({key: value for key, value in run.items() if key != 'g'})": OVERWRITTEN,
        "('w', 'v') -> ('v', 'w') in kept = {key: run[key].clone() for key in ('w', 'v')}": BOTH,
        "run['v'].tolist() -> run['v'] in w, v = (run['w'].detach().numpy().copy(), run['v'].tolist())": COPIED,
        "run['w'].detach() -> run['w'] in w, v = (run['w'].detach().numpy().copy(), run['v'].tolist())": RECORD,
    },
    'optimizers.average': {
        'zip(shares, values) -> zip(values, shares) in means.append(sum((s * v for s, v in zip(shares, values))) / sum(shares))': BOTH,
    },
    'optimizers.race': {
        '1 -> -1 in found[name] = (lr, mean(tried[lr], 1))': AXIS,
        'torch.tensor(pairs).mean(0).tolist() -> torch.tensor(pairs).mean(0) in means = {lr: torch.tensor(pairs).mean(0).tolist() for lr, pairs in tried.items()}': NUMBER,
        '1 -> -1 in found[name] = (best, means[best][1])': AXIS,
    },
    'optimizers.adam': {
        'torch.zeros_like(w) -> -torch.zeros_like(w) in mean, square = (torch.zeros_like(w), torch.zeros_like(w))': ZERO,
        'torch.zeros_like(w) -> -torch.zeros_like(w) in mean, square = (torch.zeros_like(w), torch.zeros_like(w)), place 2': ZERO,
        '1 -> -1 in square = betas[1] * square + (1 - betas[1]) * g ** 2': AXIS,
        '1 -> -1 in square = betas[1] * square + (1 - betas[1]) * g ** 2, place 3': AXIS,
        '1 -> -1 in size = (square / (1 - betas[1] ** t)).sqrt(), place 2': AXIS,
        'w.clone().requires_grad_() -> w.clone() in w = w.clone().requires_grad_()': RECORD,
        'w.detach() -> w in return w.detach()': RECORD,
        'zip(shares, values) -> zip(values, shares) in return sum((share * v for share, v in zip(shares, values))) / sum(shares)': BOTH,
        '1 -> -1 in usual = average([g * g for g in so_far], betas[1]) ** 0.5': AXIS,
    },
    'backprop.network_gradient': {
        'e = np.exp(a @ w2 + b2) -> e = -np.exp(a @ w2 + b2)': SIGN,
        'e = np.exp(h @ w2 + b2) -> e = -np.exp(h @ w2 + b2)': SIGN,
        '1 -> -1 in d2 = e / e.sum(1, keepdims=True)': AXIS,
        'zip(totals, (np.outer(xi, back), back, np.outer(h, d), d)) -> zip((np.outer(xi, back), back, np.outer(h, d), d), totals) in totals = [o + g for o, g in zip(totals, (np.outer(xi, back), back, np.outer(h, d), d))]': BOTH,
    },
    'backprop.curvatures': {
        '0.0001 -> -0.0001 in def curvatures(gradient, w, h=0.0001):': SMALL,
        '0.0001 -> 0.0002 in def curvatures(gradient, w, h=0.0001):': SMALL,
    },
}
