"""Small changes of a piece of Python, such as slips of the pen make

Another sign, off by one, arguments swapped, a division or a step left out, another axis."""
import ast, copy
from collections import Counter

OPERATORS = {
    ast.Add: [ast.Sub], ast.Sub: [ast.Add], ast.Mult: [ast.Div, ast.Add], ast.Div: [ast.Mult], ast.Pow: [ast.Mult],
    ast.FloorDiv: [ast.Div], ast.MatMult: [], ast.Eq: [ast.NotEq], ast.NotEq: [ast.Eq], ast.And: [ast.Or], ast.Or: [ast.And],
    ast.Lt: [ast.LtE, ast.Gt], ast.LtE: [ast.Lt, ast.GtE], ast.Gt: [ast.GtE, ast.Lt], ast.GtE: [ast.Gt, ast.LtE]}
METHODS = {
    'mean': ['sum'], 'sum': ['mean'], 'min': ['max'], 'max': ['min'], 'amax': ['amin'], 'amin': ['amax'],
    'argmin': ['argmax'], 'argmax': ['argmin'], 'minimum': ['maximum'], 'maximum': ['minimum'], 'append': [],
    'sin': ['cos'], 'cos': ['sin'], 'acos': ['asin'], 'exp': ['log'], 'log': ['exp'],
    'ones_like': ['zeros_like'], 'zeros_like': ['ones_like']}
ORDERED = ast.Sub | ast.Div | ast.Pow | ast.FloorDiv | ast.MatMult | ast.Mod   # Operators whose sides are not alike

def changed(node, **fields):
    new = copy.copy(node)
    for key, value in fields.items(): setattr(new, key, value)
    return new

def expressions(node):
    "Other expressions that might stand in the place of `node`"
    if isinstance(node, ast.BinOp):
        for op in OPERATORS.get(type(node.op), []): yield changed(node, op=op())
        if isinstance(node.op, ORDERED): yield changed(node, left=node.right, right=node.left)
        yield node.left
        yield node.right
    elif isinstance(node, ast.UnaryOp): yield node.operand
    elif isinstance(node, ast.Compare):
        for op in OPERATORS.get(type(node.ops[0]), []): yield changed(node, ops=[op(), *node.ops[1:]])
    elif isinstance(node, ast.BoolOp):
        yield changed(node, op=OPERATORS[type(node.op)][0]())
        yield from node.values
    elif isinstance(node, ast.IfExp):
        yield changed(node, body=node.orelse, orelse=node.body)
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Call): yield from calls(node)
    elif isinstance(node, ast.Constant): yield from constants(node)
    elif isinstance(node, ast.Attribute): yield from (changed(node, attr=o) for o in METHODS.get(node.attr, []))
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from (changed(node, id=o) for o in METHODS.get(node.id, []))
    elif isinstance(node, ast.List | ast.Tuple) and isinstance(node.ctx, ast.Load) and len(node.elts)>1:
        yield changed(node, elts=node.elts[::-1])
        yield changed(node, elts=node.elts[:-1])

def calls(node):
    "A call with arguments swapped or left out, or with the call itself left out"
    if len(node.args)>1: yield changed(node, args=[node.args[1], node.args[0], *node.args[2:]])
    for i in range(len(node.args)): yield changed(node, args=[*node.args[:i], *node.args[i+1:]])
    for i in range(len(node.keywords)): yield changed(node, keywords=[*node.keywords[:i], *node.keywords[i+1:]])
    if isinstance(node.func, ast.Attribute): yield node.func.value
    if node.args: yield node.args[0]
    yield ast.UnaryOp(ast.USub(), node)

def constants(node):
    "Another constant: off by one, doubled, another sign; another axis is an axis off by one"
    v = node.value
    if isinstance(v, bool): yield ast.Constant(not v)
    elif isinstance(v, str): yield ast.Constant(v + '!')
    elif isinstance(v, int | float): yield from map(ast.Constant, dict.fromkeys(o for o in (v+1, v-1, -v, 2*v) if o!=v))

SIGNLESS = ast.List | ast.Tuple | ast.Dict | ast.Lambda | ast.Constant

def has_sign(statement):
    "Does `statement` set or return something of which a minus can be forgotten?"
    value = statement.value if isinstance(statement, ast.AugAssign | ast.Return | ast.Assign) else None
    return value is not None and not isinstance(value, SIGNLESS)

def lists(body):
    "Lists of statements that might stand in the place of `body`"
    for i, o in enumerate(body):
        is_doc = isinstance(o, ast.Expr) and isinstance(o.value, ast.Constant)
        if not is_doc and not isinstance(o, ast.FunctionDef): yield o, body[:i] + [ast.Pass()] + body[i+1:]
        if has_sign(o): yield o, body[:i] + [changed(o, value=ast.UnaryOp(ast.USub(), o.value))] + body[i+1:]
        if isinstance(o, ast.AugAssign):
            for op in OPERATORS.get(type(o.op), []): yield o, body[:i] + [changed(o, op=op())] + body[i+1:]

def mutants(code):
    "Pairs of a change of `code` in one place, such as 'w + 1 -> w - 1 in return w + 1', and the code that it makes"
    tree, seen, labels = ast.parse(code), {ast.unparse(ast.parse(code))}, Counter()
    for path, node, statement in places(tree):
        if isinstance(node, list): options = [(ast.unparse(old), ast.Module(new, []), new) for old, new in lists(node)]
        else: options = [(ast.unparse(node), o, o) for o in expressions(node)]
        for old, shown, new in options:
            thrown_away = path[-1]=='value' and isinstance(at(tree, path[:-1]), ast.Expr)
            if thrown_away and isinstance(new, ast.UnaryOp): continue   # It has no sign
            mutant = replaced(tree, path, new)
            try: text = ast.unparse(ast.fix_missing_locations(mutant))
            except Exception: continue
            if text in seen: continue
            seen.add(text)
            if isinstance(node, list): label = f'{old} -> {first_difference(node, new)}'
            else: label = f'{old} -> {ast.unparse(ast.fix_missing_locations(shown))} in {statement}'
            labels[label] += 1
            yield (f'{label}, place {labels[label]}' if labels[label]>1 else label), text

def first_difference(old, new):
    return next(ast.unparse(ast.fix_missing_locations(b)) for a, b in zip(old, new) if a is not b)

def places(tree):
    "Paths to all expressions and lists of statements, with their line; not to annotations, docstrings and what is assigned to"
    def visit(node, path, statement):
        if isinstance(node, ast.stmt): statement = ast.unparse(node).splitlines()[0]
        for field, value in ast.iter_fields(node):
            if field in ('targets', 'target', 'annotation', 'returns', 'decorator_list', 'type_params', 'ctx'): continue
            if field in ('body', 'orelse') and isinstance(value, list): yield (*path, field), value, statement
            for key, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if not isinstance(child, ast.AST): continue
                step = (*path, field) if key is None else (*path, field, key)
                is_doc = isinstance(node, ast.Expr) and isinstance(child, ast.Constant)
                if isinstance(child, ast.expr) and not is_doc: yield step, child, statement
                yield from visit(child, step, statement)
    yield from visit(tree, (), '')

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
