"""Small changes of a piece of Python, such as slips of the pen make

Another sign, off by one, arguments swapped, a division or a step left out, another axis. Each change has a name that
says what was done but not to which variable, such as 'sides of - swapped', so that it outlives the renaming of one."""
import ast, copy
from collections import Counter

OTHER_OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult], ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div], ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt],
    ast.GtE: [ast.Gt, ast.LtE], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.And: [ast.Or], ast.Or: [ast.And]}
SIGNS = {
    ast.Add: '+', ast.Sub: '-', ast.Mult: '*', ast.Div: '/', ast.Pow: '**', ast.FloorDiv: '//', ast.MatMult: '@',
    ast.Mod: '%', ast.BitAnd: '&', ast.BitOr: '|', ast.BitXor: '^', ast.Lt: '<', ast.LtE: '<=', ast.Gt: '>',
    ast.GtE: '>=', ast.Eq: '==', ast.NotEq: '!=', ast.And: 'and', ast.Or: 'or', ast.USub: '-', ast.Not: 'not',
    ast.Invert: '~', ast.Is: 'is', ast.IsNot: 'is not', ast.In: 'in', ast.NotIn: 'not in'}
OTHER_NAMES = {
    'mean': 'sum', 'sum': 'mean', 'min': 'max', 'max': 'min', 'amax': 'amin', 'amin': 'amax', 'argmin': 'argmax',
    'argmax': 'argmin', 'sin': 'cos', 'cos': 'sin', 'acos': 'asin', 'minimum': 'maximum', 'maximum': 'minimum',
    'exp': 'log', 'log': 'exp', 'ones_like': 'zeros_like', 'zeros_like': 'ones_like'}
# It matters which side is left and which is right
ONE_WAY = ast.Sub | ast.Div | ast.Pow | ast.FloorDiv | ast.MatMult | ast.Mod

def sign(op): return SIGNS[type(op)]

def changed(node, **fields):
    new = copy.copy(node)
    for key, value in fields.items(): setattr(new, key, value)
    return new

# Each of the following yields pairs: what is done, and what then stands in the place of `node`

def expressions(node):
    "Other expressions that might stand in the place of `node`"
    find = {ast.BinOp: operations, ast.Compare: comparisons, ast.BoolOp: connections, ast.IfExp: choices,
        ast.Call: calls, ast.Constant: constants}.get(type(node), others)
    yield from find(node)

def operations(node):
    for op in OTHER_OPERATORS.get(type(node.op), []):
        yield f'{sign(node.op)} -> {sign(op())}', changed(node, op=op())
    if isinstance(node.op, ONE_WAY):
        yield f'sides of {sign(node.op)} swapped', changed(node, left=node.right, right=node.left)
    yield f'left of {sign(node.op)} alone', node.left
    yield f'right of {sign(node.op)} alone', node.right

def comparisons(node):
    first, *rest = node.ops
    for op in OTHER_OPERATORS.get(type(first), []):
        yield f'{sign(first)} -> {sign(op())}', changed(node, ops=[op(), *rest])

def connections(node):
    for op in OTHER_OPERATORS[type(node.op)]: yield f'{sign(node.op)} -> {sign(op())}', changed(node, op=op())
    for i, value in enumerate(node.values, 1): yield f'part {i} of {sign(node.op)} alone', value

def choices(node):
    yield 'branches swapped', changed(node, body=node.orelse, orelse=node.body)
    yield 'first branch alone', node.body
    yield 'second branch alone', node.orelse

def calls(node):
    "Arguments swapped or left out, or the call itself left out, or its sign turned"
    name = f'.{node.func.attr}' if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    args, keywords = node.args, node.keywords
    if len(args)>1: yield f'arguments of {name} swapped', changed(node, args=[args[1], args[0], *args[2:]])
    for i in range(len(args)):
        yield f'argument {i+1} of {name} left out', changed(node, args=[*args[:i], *args[i+1:]])
    for i, o in enumerate(keywords):
        yield f'{o.arg} of {name} left out', changed(node, keywords=[*keywords[:i], *keywords[i+1:]])
    if isinstance(node.func, ast.Attribute): yield f'{name} left out', node.func.value
    if args: yield f'{name} left out, its argument kept', args[0]
    yield f'sign of {name}', ast.UnaryOp(ast.USub(), node)

def constants(node):
    "Off by one, doubled, another sign; another axis is an axis off by one"
    v = node.value
    if isinstance(v, bool): new = [not v]
    elif isinstance(v, str): new = [f'{v}!']
    elif isinstance(v, int | float): new = [o for o in dict.fromkeys((v+1, v-1, -v, 2*v)) if o!=v]
    else: new = []
    for o in new: yield f'{v!r} -> {o!r}', ast.Constant(o)

def others(node):
    if isinstance(node, ast.UnaryOp): yield f'{sign(node.op)} left out', node.operand
    if isinstance(node, ast.Attribute) and node.attr in OTHER_NAMES:
        yield f'.{node.attr} -> .{OTHER_NAMES[node.attr]}', changed(node, attr=OTHER_NAMES[node.attr])
    loaded = isinstance(getattr(node, 'ctx', None), ast.Load)
    if isinstance(node, ast.Name) and loaded and node.id in OTHER_NAMES:
        yield f'{node.id} -> {OTHER_NAMES[node.id]}', changed(node, id=OTHER_NAMES[node.id])
    if isinstance(node, ast.List | ast.Tuple) and loaded and len(node.elts)>1:
        yield 'items reversed', changed(node, elts=node.elts[::-1])
        yield 'last item left out', changed(node, elts=node.elts[:-1])

WITHOUT_SIGN = ast.List | ast.Tuple | ast.Dict | ast.Lambda | ast.Constant

def statements(body):
    "Lists of statements that might stand in the place of `body`: one left out, or with another sign"
    def put(i, new): return body[:i] + [new] + body[i+1:]
    for i, o in enumerate(body):
        kind = type(o).__name__
        is_doc = isinstance(o, ast.Expr) and isinstance(o.value, ast.Constant)
        if not is_doc and not isinstance(o, ast.FunctionDef): yield f'{kind} left out', put(i, ast.Pass())
        if isinstance(o, ast.AugAssign | ast.Return | ast.Assign) and o.value and not isinstance(o.value, WITHOUT_SIGN):
            yield f'sign of {kind}', put(i, changed(o, value=ast.UnaryOp(ast.USub(), o.value)))
        if isinstance(o, ast.AugAssign):
            for op in OTHER_OPERATORS.get(type(o.op), []):
                yield f'{sign(o.op)}= -> {sign(op())}=', put(i, changed(o, op=op()))

# All changes of one piece of code

def mutants(code):
    "Pairs of a change, such as 'sides of - swapped', and the code that it makes; each differs from `code` in one place"
    tree, seen, names = ast.parse(code), {ast.unparse(ast.parse(code))}, Counter()
    for path, node in places(tree):
        thrown_away = path[-1]=='value' and isinstance(at(tree, path[:-1]), ast.Expr) # Its sign does not matter
        for name, new in statements(node) if isinstance(node, list) else expressions(node):
            if thrown_away and isinstance(new, ast.UnaryOp): continue
            try: text = ast.unparse(ast.fix_missing_locations(replaced(tree, path, new)))
            except Exception: continue
            if text in seen: continue
            seen.add(text)
            names[name] += 1
            yield name if names[name]==1 else f'{name}, place {names[name]}', text

LEFT_ALONE = 'targets', 'target', 'annotation', 'returns', 'decorator_list', 'type_params', 'ctx'

def places(node, path=()):
    "Paths to all expressions and lists of statements; annotations, docstrings and what is assigned to are left alone"
    for field, value in ast.iter_fields(node):
        if field in LEFT_ALONE: continue
        if field in ('body', 'orelse') and isinstance(value, list): yield (*path, field), value
        if isinstance(value, list): children = {(*path, field, i): o for i, o in enumerate(value)}
        else: children = {(*path, field): value}
        for place, child in children.items():
            if not isinstance(child, ast.AST): continue
            is_doc = isinstance(node, ast.Expr) and isinstance(child, ast.Constant)
            if isinstance(child, ast.expr) and not is_doc: yield place, child
            yield from places(child, place)

def replaced(tree, path, new):
    "A copy of `tree` with `new` at the end of `path`"
    new_tree = copy.deepcopy(tree)
    holder = at(new_tree, path[:-1])
    if isinstance(path[-1], int): holder[path[-1]] = copy.deepcopy(new)
    else: setattr(holder, path[-1], copy.deepcopy(new))
    return new_tree

def at(node, path):
    "What lies at the end of `path`"
    for step in path: node = node[step] if isinstance(step, int) else getattr(node, step)
    return node
