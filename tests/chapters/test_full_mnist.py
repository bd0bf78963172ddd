"Laws of `sgd_course.full_mnist`: metrics, what was recorded, and predictions for pictures"
import importlib.util, json

import pytest, torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import tensor

from laws import law, one_thread
from repository import PACKAGE, ROOT
from sgd_course.full_mnist import confusion_matrix, digit_accuracy, evaluate, predict
from sgd_course.mini_batches import DataLoader
from sgd_course.nonlinearity import mlp

def seeded(n): return torch.Generator().manual_seed(n)

G = seeded(0)
X, Y = torch.randn(100, 6, generator=G), torch.randint(3, (100,), generator=G)

# What was recorded

def test_recorded_accuracies_belong_to_the_recipes():
    recorded = json.loads((PACKAGE/'content/results/full_mnist.json').read_text())
    spec = importlib.util.spec_from_file_location('seeds', ROOT/'experiments/seeds.py')
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert {name: {k: r[k] for k in script.RECIPES[name]} for name, r in recorded.items()}==script.RECIPES
    for r in recorded.values():
        assert [float(lr) for lr in r['validation']]==r['rates']
        assert r['lr']==float(max(r['validation'], key=r['validation'].get))
        assert len(r['test'])==len(script.SEEDS)>=5 and all(0.9 < a < 1 for a in r['test'])

# Metrics

@law(st.lists(st.integers(0, 9), min_size=1, max_size=50), st.integers(0, 1000))
def test_confusion_matrix_counts(y, seed):
    y = tensor(y)
    said = torch.randint(10, y.shape, generator=seeded(seed))
    m = confusion_matrix(y, said)
    assert m.sum()==len(y) and torch.equal(m.sum(1), torch.bincount(y, minlength=10))
    assert torch.equal(m.sum(0), torch.bincount(said, minlength=10))
    assert m.trace()==(y==said).sum() and torch.equal(confusion_matrix(said, y), m.T)

@law(st.integers(1, 40), st.integers(1, 60))
def test_evaluate_is_the_mean_whatever_the_batches(n, size):
    model = mlp([6, 3], generator=seeded(0)).double()
    found = evaluate(model, DataLoader(X[:n].double(), Y[:n], size), {'a': F.cross_entropy, 'b': digit_accuracy})
    with torch.no_grad(): scores = model(X[:n].double())
    right = (scores.argmax(1)==Y[:n]).double().mean().item()
    assert found['a']==pytest.approx(F.cross_entropy(scores, Y[:n]).item())
    assert found['b']==pytest.approx(right, abs=1e-6)

def test_a_metric_may_return_a_plain_number():
    model = mlp([6, 3], generator=seeded(0))
    functions = {'one': lambda scores, y: 1, 'size': lambda scores, y: float(len(y))}
    assert evaluate(model, DataLoader(X, Y, 30), functions)=={'one': 1., 'size': 28.} # 30, 30, 30 and 10

# Predicting

def test_predict_takes_a_file_an_array_and_gives_probabilities(tmp_path):
    from PIL import Image
    picture = torch.full((60, 50), 255, dtype=torch.uint8)
    picture[10:50, 22:28] = 0
    Image.fromarray(picture.numpy()).save(tmp_path/'one.png')
    model = mlp([784, 20, 15, 10], generator=seeded(3))
    p = predict(model, tmp_path/'one.png')
    assert p.shape==(10,) and p.sum().item()==pytest.approx(1, abs=1e-5) and not p.requires_grad
    assert torch.equal(p, predict(model, picture)) and torch.equal(p, predict(model, 255 - picture))
    with pytest.raises(ValueError, match='no digit'): predict(model, torch.zeros(28, 28))
    with pytest.raises(ValueError, match='no image file'): predict(model, tmp_path/'two.png')
