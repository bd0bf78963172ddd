"Every count and every rate of the package is checked alike, whoever takes it"
import importlib, inspect, math, pkgutil

import numpy as np
import pytest
import torch

import sgd_course
from sgd_course.expect import generator, number, rate, whole

# Names that the course uses for one thing only, and the kind of rule that each must have where it is an argument
COUNTS = {'steps', 'epochs', 'batch_size', 'draws', 'trials', 'halvings', 'bins', 'pixels', 'classes', 'valid', 'n_in',
    'n_out', 'n_hidden', 'depth', 'params', 'm', 'patience'}
RATES = {'lr', 'lr0', 'noise', 'momentum', 'alpha', 'eps', 'weight_decay', 'rise', 'done', 'scale', 'size', 'tolerance'}

def kind(rule):
    "Which function of `expect` made a rule"
    return getattr(rule, '__qualname__', '').split('.')[0]

def modules():
    "All modules of the package but the command line, whose arguments click checks"
    for found in pkgutil.walk_packages(sgd_course.__path__, 'sgd_course.'):
        if '.app.' not in found.name and '.content' not in found.name: yield importlib.import_module(found.name)

def checked():
    "Name of a function or method, its arguments, and its rules, for all that are public or a method of what is"
    for module in modules():
        for name in getattr(module, '__all__', ()):
            thing = getattr(module, name)
            if inspect.isclass(thing) and thing.__module__==module.__name__:
                for method, f in vars(thing).items():
                    if inspect.isfunction(f): yield f'{module.__name__}.{name}.{method}', f
            elif inspect.isfunction(thing): yield f'{module.__name__}.{name}', thing

FUNCTIONS = dict(checked())
RULES = [(f'{name}({argument})', argument, rule)
    for name, f in FUNCTIONS.items() for argument, rule in getattr(f, 'rules', {}).items()]

def refused(rule, values):
    "Those of `values` that `rule` does not refuse with a `ValueError` which names the argument"
    wrong = []
    for value in values:
        try: rule('spam', value)
        except ValueError as e:
            if 'spam' not in str(e): wrong.append((value, str(e)))
        except Exception as e: wrong.append((value, repr(e)))
        else: wrong.append(value)
    return wrong

def taken_wrongly(rules, bad):
    "The values of `bad` that a rule does not refuse, by place; `rules` are pairs of a place and a rule"
    found = {where: refused(rule, bad) for where, rule in rules}
    return {where: values for where, values in found.items() if values}

NO_NUMBERS = [None, 'three', '3', [3], (), {}, 1j,
    True, False, np.True_, torch.tensor(True), torch.tensor([3]), np.array([3]),
    math.nan, math.inf, -math.inf, np.float32('nan'), torch.tensor(math.nan)]

def test_counts_behave_alike():
    "Whole numbers of any type, and nothing else; 1 is a count that each of them takes"
    counts = [(where, rule) for where, _, rule in RULES if kind(rule)=='whole']
    assert len(counts)>=26
    bad = [*NO_NUMBERS, 2.5, 3.0, np.float64(3), torch.tensor(3.), -1, np.int64(-1), torch.tensor(-1)]
    assert taken_wrongly(counts, bad)=={}
    for where, rule in counts:
        for good in (1, np.int64(1), np.uint8(1), torch.tensor(1)):
            assert (rule('n', good), type(rule('n', good)))==(1, int), where

def test_rates_behave_alike():
    "Finite numbers of any type, not negative, and nothing else"
    rates = [(where, rule) for where, _, rule in RULES if kind(rule)=='number']
    assert len(rates)>=22
    assert taken_wrongly(rates, NO_NUMBERS)=={}
    lrs = [(where, rule) for where, argument, rule in RULES if argument in ('lr', 'lr0')]
    bad = [-0.1, np.float32(-0.1), torch.tensor(-0.1), 10**400]
    assert taken_wrongly(lrs, bad)=={}
    for where, rule in lrs:
        for good in (0.5, np.float32(0.5), np.float64(0.5), torch.tensor(0.5)): assert rule('lr', good)==0.5, where

def test_arguments_of_one_name_have_one_kind_of_rule():
    "A count is checked as a count, a rate as a rate and a generator as a generator, wherever it has a rule"
    odd = [where for where, argument, rule in RULES if argument in COUNTS and kind(rule)!='whole']
    odd += [where for where, argument, rule in RULES if argument in RATES and kind(rule)!='number']
    odd += [where for where, argument, rule in RULES if argument=='generator' and rule is not generator]
    assert odd==[]

def test_rules_are_told_apart(): assert (kind(whole(0)), kind(rate), kind(number(0, 1)))==('whole', 'number', 'number')
