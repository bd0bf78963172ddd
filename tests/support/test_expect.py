"Every count and every rate of the package is checked alike, whoever takes it"
import importlib, inspect, math, pkgutil, re
from contextlib import suppress

import numpy as np
import torch
import torch.nn.functional as F

import sgd_course
from sgd_course.data import train_valid_split
from sgd_course.expect import generator, number, rate, whole
from sgd_course.fused import FusedLearner
from sgd_course.learning_rate import walk
from sgd_course.mini_batches import SGD, DataLoader
from sgd_course.nonlinearity import mlp, train_net
from sgd_course.optimizers import Adam, AdamW, Momentum, Nesterov, RMSprop
from sgd_course.sigmoid import calibration_error

# Names that the course uses for one thing only, and the kind of rule that each must have where it is an argument
COUNTS = {'steps', 'epochs', 'batch_size', 'draws', 'trials', 'halvings', 'bins', 'pixels', 'n_in', 'n_out', 'n_hidden',
    'depth', 'patience'}
RATES = {'lr', 'lr0', 'noise', 'momentum', 'alpha', 'eps', 'weight_decay', 'rise', 'done', 'scale', 'tolerance'}

def kind(rule):
    "Which function of `expect` made a rule"
    return getattr(rule, '__qualname__', '').split('.')[0]

def modules():
    "All modules of the package but the command line, whose arguments click checks"
    for found in pkgutil.walk_packages(sgd_course.__path__, 'sgd_course.'):
        if '.app.' not in found.name and '.content' not in found.name: yield importlib.import_module(found.name)

def names(module):
    "What is public in `module`, and the functions that only notebooks use, if they have rules"
    inner = (name for name, f in vars(module).items() if hasattr(f, 'rules') and f.__module__==module.__name__)
    return {*getattr(module, '__all__', ()), *inner}

def checked():
    "Name of a function or method, its arguments, and its rules, for all `names` and the methods of classes"
    for module in modules():
        for name in sorted(names(module)):
            thing = getattr(module, name)
            if inspect.isclass(thing) and thing.__module__==module.__name__:
                for method, f in vars(thing).items():
                    if inspect.isfunction(f): yield f'{module.__name__}.{name}.{method}', f
            elif inspect.isfunction(thing): yield f'{module.__name__}.{name}', thing

FUNCTIONS = dict(checked())
RULES = [(f'{name}({argument})', argument, rule)
    for name, f in FUNCTIONS.items() for argument, rule in getattr(f, 'rules', {}).items()]

def refused(rule, values):
    "Those of `values` that `rule` does not refuse with a `ValueError` of the course"
    wrong = []
    for value in values:
        try: rule('spam', value)
        except ValueError as e:
            if 'expected' not in str(e): wrong.append((value, str(e)))
        except Exception as e: wrong.append((value, repr(e)))
        else: wrong.append(value)
    return wrong

def taken_wrongly(rules, bad):
    "The values of `bad` that a rule does not refuse, by where it stands"
    found = {where: refused(rule, bad) for where, rule in rules.items()}
    return {where: values for where, values in found.items() if values}

def by_call(call):
    "A rule that consists of calling a function with the value"
    def rule(name, value): return call(value)
    return rule

def accepted(rule, values):
    "How many of `values` a rule takes"
    n = 0
    for value in values:
        with suppress(ValueError):
            rule('spam', value)
            n += 1
    return n

NO_NUMBERS = [None, 'three', '3', [3], (), {}, 1j,
    True, False, np.True_, torch.tensor(True), torch.tensor([3]), np.array([3]),
    math.nan, math.inf, -math.inf, np.float32('nan'), torch.tensor(math.nan)]

# Arguments of public functions that are checked by what they are handed on to, or in the body: a call with the value
def weight(): return torch.ones(3, requires_grad=True)
def net(): return mlp([3, 2], generator=torch.Generator())
X, Y = torch.ones(8, 3), torch.zeros(8, dtype=torch.int64)
def loader(): return DataLoader(X, Y, 4)
def trained(v):
    g = torch.Generator()
    train_net(net(), X, Y, lr=v, epochs=1, batch_size=4, loss_func=F.cross_entropy, generator=g)

BY_CALL = {
    'learning_rate.walk(lr)': lambda v: walk(lambda w: w, 1., v, 1),
    'mini_batches.SGD.__init__(lr)': lambda v: SGD([weight()], v),
    'nonlinearity.train_net(lr)': trained,
    'fused.FusedLearner.__init__(lr)': lambda v: FusedLearner(net(), loader(), None, lr=v, device='cpu'),
    'fused.FusedLearner.fit(epochs)': lambda v: FusedLearner(net(), loader(), None, device='cpu').fit(v),
    'sigmoid.calibration_error(bins)': lambda v: calibration_error([0.5], [1], v),
    'data.train_valid_split(valid)': lambda v: train_valid_split([0, 1, 0, 1], v),
}
for kind_of in (Momentum, Nesterov, RMSprop, Adam, AdamW):
    for setting in {*inspect.signature(kind_of).parameters} & RATES:
        BY_CALL[f'optimizers.{kind_of.__name__}.__init__({setting})'] = (
            lambda v, make=kind_of, name=setting: make([weight()], **{'lr': 0.1} | {name: v}))

# Methods that only `step` calls, with settings that were checked; a base class without settings; a figure's own rules
INNER = re.compile(r'optimizers\.\w+\.(update|decay|usual_size)|Optimiser|_orig_|figures\.|FusedNet\.descend'
    r'|same\(|mlp\(generator\)|recording\.Case')
IS_COUNT = re.compile(r'\((epochs|bins|valid)\)')
IS_SETTING = re.compile(r'\((lr|lr0|noise|momentum|weight_decay|eps)\)')

NO_COUNTS = 'target', 'right', 'down' # 0 or 1, and pixels to either side

def test_counts_behave_alike():
    "Whole numbers of any type, and nothing else"
    counts = {where: rule for where, argument, rule in RULES if kind(rule)=='whole' and argument not in NO_COUNTS}
    counts |= {where: by_call(call) for where, call in BY_CALL.items() if IS_COUNT.search(where)}
    assert len(counts)>=26
    bad = [*NO_NUMBERS, 2.5, 3.0, np.float64(3), torch.tensor(3.), -1, np.int64(-1), torch.tensor(-1)]
    assert taken_wrongly(counts, bad)=={}
    good = 2, np.int64(2), np.uint8(2), torch.tensor(2)
    assert [where for where, rule in counts.items() if accepted(rule, good)!=len(good)]==[]
    own = [rule for where, argument, rule in RULES if kind(rule)=='whole' and argument not in NO_COUNTS]
    assert {type(rule('n', n)) for rule in own for n in good}=={int}

def test_rates_behave_alike():
    "Finite numbers of any type, learning rates and other settings not negative, and nothing else"
    rates = {where: rule for where, _, rule in RULES if kind(rule)=='number'}
    rates |= {where: by_call(call) for where, call in BY_CALL.items() if not IS_COUNT.search(where)}
    assert len(rates)>=22
    assert taken_wrongly(rates, NO_NUMBERS)=={}
    settings = {where: rule for where, rule in rates.items() if IS_SETTING.search(where)}
    bad = [-0.1, np.float32(-0.1), torch.tensor(-0.1), 10**400]
    assert taken_wrongly(settings, bad)=={}
    good = 0.5, np.float32(0.5), np.float64(0.5), torch.tensor(0.5)
    assert [where for where, rule in settings.items() if accepted(rule, good)!=len(good)]==[]

def test_none_is_forgotten():
    "Each count, each rate and each generator of a public function has its rule, or is tried by a call"
    names = COUNTS | RATES | {'generator'}
    there = {f'{name}({a})' for name, f in FUNCTIONS.items() for a in inspect.signature(f).parameters if a in names}
    ruled = {where for where, *_ in RULES} | {f'sgd_course.{where}' for where in BY_CALL}
    assert sorted(o for o in there - ruled if not INNER.search(o))==[]

def test_arguments_of_one_name_have_one_kind_of_rule():
    own = [o for o in RULES if o[0].removeprefix('sgd_course.') not in BY_CALL]
    assert [where for where, argument, rule in own if argument in COUNTS and kind(rule)!='whole']==[]
    assert [where for where, argument, rule in own if argument in RATES and kind(rule)!='number']==[]
    assert [where for where, argument, rule in own if argument=='generator' and rule is not generator]==[]

def test_rules_are_told_apart(): assert (kind(whole(0)), kind(rate), kind(number(0, 1)))==('whole', 'number', 'number')
