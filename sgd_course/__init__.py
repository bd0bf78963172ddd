"""Stochastic gradient descent, built from scratch in notebooks and run on real digits

The chapters, in order. Each is a module of its own and uses the earlier ones:

- `quadratic_loss`: which way is down, and how do we know?
- `learning_rate`: how far should one step go?
- `pixel_weights`: how can a picture be scored with one weight for each pixel?
- `sigmoid`: how does a score become a probability?
- `mini_batches`: why look at a handful of digits instead of all of them?
- `nonlinearity`: what can a network do that a line cannot?
- `full_mnist`: how well can it read all ten digits?
- `learner`: how does the loop disappear, and what can go wrong with it?
- `optimizers`: what do momentum and Adam add?
- `backprop`: where do the gradients come from?
- `clinic`: why does this training not learn?
- `climb`: how far do plain networks get, and what is each idea worth?
- `many_machines`: how do several machines train one model, and when are they faster?

Below them, and used by all: `expect` checks arguments, `seeds` gives random numbers, `data` has the digits, `pictures`
finds yours in a photo, `plots` and `figures` draw, `graphs` draws networks of nodes, `files` writes, `bookkeeping` is
under every optimiser, `saving` keeps states and networks in files, and `safe_training` is what a training needs besides
its steps. `warps` makes new digits from old ones, `tricks` steadier networks, `rungs` has the record of what each was
worth. `recording` watches any training, `examinations` looks at what was seen, `checkup` reports it, and `patients` are
trainings to practise on.
Beside them, in a learner's notebook: `checks`, `questionnaire`, `progress`, `review`, `glossary`, `seal`, which keeps
count of looks at the test digits, and `sure`, which says how often each claim holds; behind those, `practice`. Above
them: `fused` trains plain networks fast, `workers` trains one network in several processes, and `app` is the command
`sgd-course`. `content` holds no code, but what the modules read.
"""

__version__ = "0.0.1"
