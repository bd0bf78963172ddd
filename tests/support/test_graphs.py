"Drawings of graphs, with nodes of our own: `sgd_course.graphs` knows no chapter"
from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from laws import law
from sgd_course.graphs import draw_graph, place_nodes, steps_to_end

class Thing(SimpleNamespace):
    "All that a drawing needs of a node"
    __hash__, __eq__ = object.__hash__, object.__eq__

def thing(name, value, parents=(), slopes=(), grad=0.):
    return Thing(name=name, value=value, grad=grad, parents=parents, slopes=slopes)

choices = st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), min_size=1, max_size=25)

@law(choices)
def test_no_two_nodes_share_a_place_and_all_arrows_point_to_the_right(choices):
    made = [thing('a', 1.), thing('b', 2.)]
    for i, j in choices: made.append(thing('+', 0., (made[i%len(made)], made[j%len(made)]), (1., 1.)))
    steps = steps_to_end(made[-1])
    places = place_nodes(steps)
    assert {*places}=={*steps} and places[made[-1]]==(0, 0.)
    assert len({*places.values()})==len(places)
    assert all(places[p][0] < places[n][0] for n in places for p in n.parents)
    for k in {-column for column, _ in places.values()}:
        rows = sorted(row for column, row in places.values() if column==-k)
        assert sum(rows)==0 and all(b - a==1 for a, b in zip(rows, rows[1:])), 'rows are centred'

def test_drawing_shows_every_name_value_and_gradient():
    w, five = thing('w', 3., grad=11.), thing('five', 5., grad=3.)
    square, product = thing('×', 9., (w, w), (3., 3.), 1.), thing('×', 15., (w, five), (5., 3.), 1.)
    loss = thing('+', 24., (square, product), (1., 1.), 1.)
    texts = [t.get_text() for t in draw_graph(loss).axes[0].texts]
    assert {'w', 'five', '×', '+', '3', '5', '9', '15', '24', '11', '3 + 3'} <= {*texts}
    values_only = [t.get_text() for t in draw_graph(loss, gradients=False).axes[0].texts]
    assert '11' not in values_only and '24' in values_only
