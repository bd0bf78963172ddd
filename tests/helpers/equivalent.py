"""Mutants of right answers that are right as well, and why

For each exercise, each of its right answers (the solution, and the others in the order of the file), and each change by
the name that `mutants` gives it: why it makes no difference."""

TIE = 'it matters only where both sides are equal, and there either answer is right'
OVERWRITTEN = 'the value is replaced before it is used, or is the default anyway'
ZERO = 'minus zero is zero'
SIGN = 'the sign is lost later: in a square, in a size, in a truth value, in a quotient, or in a draw that is symmetric'
NUMBER = 'a tensor, or a list of tensors, with the same numbers is as good'
AXIS = 'of a vector, axis 0 is the only one and the last; of a matrix, axis 1 is the last; so is the second of two'
RECORD = 'only what autograd keeps differs, not the numbers'
SMALL = 'any small distance shows the same, to the left first or to the right first'
TRUTH = 'a truth value compared with a 1 or 0 gives the same'
COPIED = 'the next line makes a copy in any case'
EMPTY = 'a batch of none has noise without end, and one of more than all is never reached'
WHOLE = 'with `torch.manual_seed` in its place, the generator of all PyTorch draws the same numbers'
MEAN = 'a sum and a mean of the same digits are smallest at the same place'
BOTH = 'both are treated alike, so their order does not matter'
DIAGONAL = 'on the diagonal, row and column have the same number'
NAME = 'a memory may have any name'
ONLY = 'there is only one, the first and the last'
FROM_THE_END = 'counted from the end, it is an order, too'
CLOSE = 'a millionth more or less is within the tolerance'
SHAPE = 'only its shape is used'

HALF = 'counted from the end, the middle of an even number is at the same place'
SCALED = 'all sums are divided by the same number, so the largest stays the largest'

EQUIVALENT = {
    'quadratic_loss.training_loop': {
        'solution': {
            '.item left out': NUMBER,
        },
        'other 1': {
            '.item left out': NUMBER,
        },
        'other 2': {
            '.detach left out': RECORD,
            '.item left out': NUMBER,
        },
    },
    'quadratic_loss.level_ground': {
        'solution': {
            '0.01 -> -0.01': SMALL,
            '0.01 -> 0.02': SMALL,
            'items reversed': BOTH,
        },
        'other 1': {
            '0.01 -> -0.01': SMALL,
            '0.01 -> 0.02': SMALL,
            '+ -> -': BOTH,
            '+ -> -, place 2': BOTH,
            'items reversed': BOTH,
        },
        'other 2': {
            '0.01 -> -0.01': SMALL,
            '0.01 -> 0.02': SMALL,
            'items reversed, place 2': BOTH,
            '1 -> -1': AXIS,
        },
    },
    'quadratic_loss.off_course': {
        'solution': {
            'items reversed': BOTH,
            'sides of @ swapped': BOTH,
        },
        'other 1': {
            'items reversed': BOTH,
        },
        'other 2': {
            'arguments of .cosine_similarity swapped': BOTH,
            '0 -> -1': AXIS,
        },
    },
    'learning_rate.fit_line': {
        'solution': {
            'sides of - swapped': SIGN,
            '1 -> -1': AXIS,
            '.detach left out': RECORD,
        },
        'other 1': {
            'arguments of .mse_loss swapped': BOTH,
            '1 -> -1': AXIS,
        },
        'other 2': {
            'sign of Assign': ZERO,
            '1 -> -1': AXIS,
        },
    },
    'learning_rate.units': {
        'other 1': {
            '.item left out': NUMBER,
        },
        'other 2': {
            'sign of Assign': ZERO,
        },
    },
    'pixel_weights.choose': {
        'other 1': {
            '1 -> -1': AXIS,
        },
    },
    'pixel_weights.share_right': {
        'solution': {
            '.item left out': NUMBER,
        },
        'other 1': {
            '.int left out': TRUTH,
            '.int left out, place 2': TRUTH,
            '.item left out': NUMBER,
        },
        'other 2': {
            '.tolist left out': NUMBER,
            '.tolist left out, place 2': NUMBER,
        },
    },
    'pixel_weights.slopes': {
        'other 1': {
            '1 -> -1': AXIS,
            'argument 1 of .mean left out, place 2': AXIS,
            '0 -> -1, place 2': AXIS,
        },
        'other 2': {
            '1 -> -1, place 2': AXIS,
        },
    },
    'sigmoid.cool': {
        'other 1': {
            '1 -> -1': AXIS,
            '.mean -> .sum': MEAN,
        },
        'other 2': {
            '< -> <=': TIE,
            '.sum -> .mean': MEAN,
        },
    },
    'sigmoid.train': {
        'solution': {
            '1 -> -1': AXIS,
            '.detach left out': RECORD,
        },
        'other 1': {
            'sign of Assign': ZERO,
            '1 -> -1': AXIS,
        },
        'other 2': {
            '1 -> -1': AXIS,
            'arguments of .maximum swapped': BOTH,
            'sign of .zeros_like': ZERO,
            '.detach left out': RECORD,
        },
    },
    'sigmoid.from_scores': {
        'solution': {
            'arguments of .maximum swapped': BOTH,
            'sign of .zeros_like': ZERO,
        },
        'other 2': {
            'arguments of .logaddexp swapped': BOTH,
            'sign of .zeros_like': ZERO,
        },
    },
    'mini_batches.half_noise': {
        'solution': {
            'sides of - swapped': SIGN,
            '1 -> -1': AXIS,
            'argument 1 of range left out': EMPTY,
            '1 -> 0, place 2': EMPTY,
            '1 -> 2, place 3': EMPTY,
        },
        'other 1': {
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
            'sides of - swapped': SIGN,
            '1 -> -1': AXIS,
            'sign of .item': SIGN,
            'sign of .norm': SIGN,
        },
    },
    'mini_batches.same_order': {
        'solution': {
            '.Generator left out': WHOLE,
            '.tolist left out': NUMBER,
        },
        'other 1': {
            '.Generator left out': WHOLE,
            '.tolist left out': NUMBER,
        },
        'other 2': {
            '.Generator left out': WHOLE,
            '.tolist left out': NUMBER,
        },
    },
    'mini_batches.same_steps': {
        'solution': {
            'sign of Assign': ZERO,
            '1 -> -1': AXIS,
        },
        'other 1': {
            'sign of Assign': ZERO,
            '1 -> -1': AXIS,
        },
        'other 2': {
            'sign of Assign': ZERO,
            '1 -> -1': AXIS,
            'sides of - swapped': SIGN,
            '.detach left out': RECORD,
            '.detach left out, place 2': RECORD,
        },
    },
    'mini_batches.sgd_epoch': {
        'solution': {
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
        },
        'other 1': {
            'sides of - swapped': SIGN,
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
        },
    },
    'nonlinearity.start': {
        'solution': {
            'sign of Assign': SIGN,
            'sign of .randn': SIGN,
            'sign of .sqrt': SIGN,
            'sign of .zeros': ZERO,
        },
        'other 1': {
            'sign of .randn': SIGN,
            'sign of .zeros': ZERO,
        },
        'other 2': {
            'sign of Assign': OVERWRITTEN,
            'nonlinearity of .kaiming_normal_ left out': OVERWRITTEN,
            'sign of .zeros': ZERO,
        },
    },
    'nonlinearity.spread': {
        'other 2': {
            '0.25 -> -0.25': SIGN,
        },
    },
    'nonlinearity.tent': {
        'solution': {
            'sign of .zeros': ZERO,
        },
        'other 1': {
            'sign of tensor, place 4': ZERO,
        },
    },
    'nonlinearity.standardise': {
        'other 2': {
            'sides of - swapped': SIGN,
            '1 -> -1, place 3': AXIS,
        },
    },
    'learner.stop_early': {
        'solution': {
            '0 -> 1': OVERWRITTEN,
            '0 -> -1': OVERWRITTEN,
        },
    },
    'full_mnist.per_digit': {
        'solution': {
            '1 -> -1': AXIS,
        },
        'other 1': {
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
        },
        'other 2': {
            'keepdim of .sum left out': DIAGONAL,
            '1 -> -1': AXIS,
            'True -> False': DIAGONAL,
        },
    },
    'full_mnist.worst': {
        'solution': {
            '.tolist left out': NUMBER,
        },
        'other 1': {
            '1 -> -1': AXIS,
            '.tolist left out': NUMBER,
        },
        'other 2': {
            '1 -> -1': AXIS,
            '.item left out': NUMBER,
        },
    },
    'full_mnist.choose': {
        'solution': {
            '1 -> -1': AXIS,
        },
        'other 1': {
            '1.0 -> 2.0': 'any start below the accuracies will do',
            '> -> >=': TIE,
        },
    },
    'learner.jolt': {
        'solution': {
            '> -> >=': TIE,
        },
        'other 1': {
            '< -> <=': TIE,
        },
        'other 2': {
            '.detach left out': RECORD,
            'key of max left out': 'the loss stands first in the three numbers, and decides unless two are equal',
            'items reversed, place 2': TIE,
        },
    },
    'learner.shorten': {
        'solution': {
            '> -> >=': TIE,
        },
        'other 2': {
            'sign of .cat': SIGN,
            'sign of .flatten': SIGN,
            'arguments of min swapped': BOTH,
        },
    },
    'full_mnist.apart': {
        'solution': {
            'items reversed': BOTH,
            '.item left out': NUMBER,
            'sides of - swapped': SIGN,
        },
        'other 1': {
            'sides of - swapped': SIGN,
            'sides of - swapped, place 3': SIGN,
        },
        'other 2': {
            'arguments of max swapped': BOTH,
            'arguments of min swapped': BOTH,
            'arguments of .hypot swapped': BOTH,
            'sign of stdev': SIGN,
            'sign of stdev, place 2': SIGN,
        },
    },
    'learner.keep': {
        'solution': {
            'items reversed': BOTH,
        },
        'other 1': {
            "'g' -> 'g!'": OVERWRITTEN,
        },
        'other 2': {
            '.detach left out': RECORD,
            '.tolist left out': COPIED,
        },
    },
    'optimizers.average': {
        'other 2': {
            'arguments of zip swapped': BOTH,
        },
    },
    'optimizers.race': {
        'solution': {
            '1 -> -1': AXIS,
        },
        'other 1': {
            '.tolist left out': NUMBER,
            '1 -> -1, place 2': AXIS,
        },
    },
    'optimizers.amsgrad': {
        'solution': {
            "'mean' -> 'mean!'": NAME,
            "'square' -> 'square!'": NAME,
            "'largest' -> 'largest!'": NAME,
            'arguments of .maximum swapped': BOTH,
            '1 -> -1, place 3': AXIS,
            '1 -> -1, place 5': AXIS,
        },
        'other 1': {
            'items reversed': NAME,
            "'m' -> 'm!'": NAME,
            "'s' -> 's!'": NAME,
            "'u' -> 'u!'": NAME,
            '1 -> -1, place 2': AXIS,
            '1 -> -1, place 4': AXIS,
            '1 -> -1, place 7': AXIS,
        },
    },
    'backprop.network_gradient': {
        'solution': {
            'sign of Assign, place 2': SIGN,
            '1 -> -1': AXIS,
        },
        'other 1': {
            'sign of Assign': SIGN,
            'arguments of zip swapped, place 2': BOTH,
        },
    },
    'backprop.curvatures': {
        'solution': {
            '0.0001 -> -0.0001': SMALL,
            '0.0001 -> 0.0002': SMALL,
        },
    },
    'quadratic_loss.which_rate': {
        'solution': {
            '.tolist left out': NUMBER,
        },
        'other 2': {
            '0.0001 -> -0.0001': SMALL,
            '0.0001 -> 0.0002': SMALL,
        },
    },
    'learning_rate.climb': {
        'other 1': {
            'arguments of max swapped': BOTH,
            'arguments of min swapped': BOTH,
        },
    },
    'pixel_weights.first_time': {
        'other 2': {
            '1 -> -1, place 2': AXIS,
        },
    },
    'mini_batches.accumulate': {
        'solution': {
            'sides of - swapped': SIGN,
            '.detach left out': RECORD,
        },
        'other 2': {
            'sign of .zeros_like': ZERO,
            'sign of .zeros_like, place 2': ZERO,
        },
    },
    'nonlinearity.without_dead': {
        'other 2': {
            '.tolist left out': NUMBER,
            '0 -> -1': ONLY,
        },
    },
    'full_mnist.mixed_up': {
        'other 1': {
            '.item left out': NUMBER,
            'items reversed': BOTH,
        },
        'other 2': {
            '1 -> -1, place 2': AXIS,
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
        },
    },
    'optimizers.only_signs': {
        'solution': {
            "'v' -> 'v!'": NAME,
        },
        'other 1': {
            "'v' -> 'v!'": NAME,
        },
        'other 2': {
            "'mean' -> 'mean!'": NAME,
        },
    },
    'backprop.sigmoid_rule': {
        'other 2': {
            '.item left out': NUMBER,
        },
    },
    'backprop.length_rule': {
        'solution': {
            'arguments of .hypot swapped': BOTH,
        },
    },
    'clinic.one_step': {
        'solution': {
            '.item left out': NUMBER,
        },
        'other 1': {
            '.item left out': NUMBER,
        },
        'other 2': {
            '.item left out': NUMBER,
        },
    },
    'clinic.in_new_order': {
        'solution': {
            'sign of Assign': FROM_THE_END,
        },
        'other 1': {
            '.tolist left out': NUMBER,
            'sign of .randperm': FROM_THE_END,
        },
    },
    'clinic.loss_of': {
        'other 1': {
            '1 -> -1': AXIS,
        },
        'other 2': {
            '1 -> -1': AXIS,
        },
    },
    'clinic.mean_squares': {
        'solution': {
            'sides of - swapped': SIGN,
            '0 -> -1': ONLY,
        },
        'other 1': {
            'sides of - swapped': SIGN,
        },
        'other 2': {
            'sides of - swapped': SIGN,
        },
    },
    'clinic.share_right': {
        'solution': {
            '1 -> -1': AXIS,
            '.item left out': NUMBER,
        },
        'other 1': {
            '1 -> -1': AXIS,
            'argument 1 of .train left out, place 2': OVERWRITTEN,
            '.item left out': NUMBER,
        },
    },
    'climb.votes': {
        'solution': {
            '.sum -> .mean': SCALED,
            '1 -> -1': AXIS,
        },
        'other 1': {
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
            '1 -> -1': AXIS,
            '1 -> -1, place 2': AXIS,
        },
        'other 2': {
            '.mean -> .sum, place 2': SCALED,
        },
    },
    'climb.look': {
        'solution': {
            'sign of Assign, place 2': ZERO,
        },
        'other 1': {
            'sign of Assign, place 2': ZERO,
        },
        'other 2': {
            'arguments of max swapped': BOTH,
            'arguments of max swapped, place 2': BOTH,
            'arguments of max swapped, place 3': BOTH,
            'arguments of max swapped, place 4': BOTH,
            'sign of Assign, place 2': ZERO,
        },
    },
    'climb.honest_mark': {
        'solution': {
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
            '.mean -> .sum': SCALED,
            '1 -> -1': AXIS,
            '1 -> -1, place 2': AXIS,
            '2 -> -2': HALF,
            'sign of Assign': HALF,
        },
        'other 1': {
            '.tolist left out': NUMBER,
            '// -> /, place 3': NUMBER,
            '1 -> -1': AXIS,
            '2 -> -2': HALF,
            '2 -> -2, place 2': HALF,
        },
    },
    'climb.cooler': {
        'solution': {
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
            '1 -> -1': AXIS,
            '1 -> -1, place 2': AXIS,
        },
        'other 1': {
            '.item left out': NUMBER,
            '.item left out, place 2': NUMBER,
            '.mean -> .sum': SCALED,
            '1 -> -1': AXIS,
            '1 -> -1, place 2': AXIS,
            '< -> <=': TIE,
        },
    },
    'clinic.best_of': {
        'solution': {
            '< -> <=': TIE,
        },
        'other 1': {
            '< -> <=': TIE,
        },
    },
    'many_machines.butterfly': {
        'other 1': {
            '1 -> -1, place 2': AXIS,
        },
    },
    'many_machines.deal': {
        'solution': {
            '.Generator left out': WHOLE,
        },
        'other 1': {
            '.Generator left out': WHOLE,
            '.tolist left out': NUMBER,
        },
        'other 2': {
            '.Generator left out': WHOLE,
        },
    },
    'many_machines.wires': {
        'solution': {
            '1600000 -> 1600001': CLOSE,
            '1600000 -> 1599999': CLOSE,
            '8000000 -> 8000001': CLOSE,
            '8000000 -> 7999999': CLOSE,
        },
        'other 1': {
            '1000000.0 -> 1000001.0': CLOSE,
            '1000000.0 -> 999999.0': CLOSE,
            '1000000.0 -> 1000001.0, place 2': CLOSE,
            '1000000.0 -> 999999.0, place 2': CLOSE,
        },
    },
    'many_machines.feedback': {
        'solution': {
            'sign of .zeros_like': ZERO,
            '0 -> -1': SHAPE,
            'sign of Assign, place 3': ZERO,
        },
        'other 1': {
            'sign of .zeros_like': ZERO,
            '0 -> -1': SHAPE,
        },
    },
}
