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

Below them, and used by all: `expect` checks arguments, `seeds` gives random numbers, `data` has the digits, `pictures`
finds yours in a photo, `plots` and `figures` draw, `graphs` draws networks of nodes, `files` writes, `bookkeeping` is
under every optimiser, `saving` keeps states and networks in files, and `safe_training` is what a training needs besides
its steps. Beside them, in a learner's notebook: `checks`, `questionnaire`, `progress`, `glossary`, and `sure`, which
says how often each claim holds; behind those, `practice`. Above them: `fused` trains plain networks fast, and `app` is
the command `sgd-course`. `content` holds no code, but what the modules read.
"""

__version__ = "0.0.1"
