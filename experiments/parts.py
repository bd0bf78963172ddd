"An experiment in several parts: run those that are named, and keep what the others found before"
import json, sys, time

import torch

from sgd_course.files import write_whole

def run_parts(
    parts, # Functions by their names; each is called with whether its version is to be short
    out, # Path of the JSON file with the results of all, one in a line
    args, # Of the command line: names of parts, all if there are none, and perhaps `--check`
): # What the parts found, by their names
    "Run parts and write the file after each of them; with `--check` make short versions and write nothing"
    torch.set_num_threads(1)
    quick, names = '--check' in args, [o for o in args if o!='--check']
    unknown = ', '.join(sorted({*names} - parts.keys()))
    if unknown: sys.exit(f'No part {unknown}; there are {", ".join(parts)}')
    found = {} if quick or not out.exists() else json.loads(out.read_text())
    for name in names or parts:
        began = time.process_time()
        found[name] = json.loads(json.dumps(parts[name](quick)))
        print(f'{name}: {time.process_time() - began:.0f} s of the processor', flush=True)
        lines = ',\n'.join(f'"{k}": {json.dumps(found[k])}' for k in parts if k in found)
        if not quick: write_whole(out, f'{{\n{lines}\n}}\n'.encode())
    return found
