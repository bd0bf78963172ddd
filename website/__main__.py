"""`python -m website [OUT]` builds the site into OUT, by default _docs; `python -m website serve` also shows it

OUT is a path such as ./site: a word alone could be a typing error for serve."""
import os, sys
from pathlib import Path

from .build import ROOT, SiteError, build
from .serve import serve

def is_path(name):
    "Whether `name` is surely meant as a folder: it is one already, or tells where it is"
    return bool(name) and (os.path.isdir(name) or any(o in name for o in (os.sep, os.altsep) if o))

def main(args):
    "Do what the command line `args` ask; returns the exit status"
    if len(args)>1 or args[:1] in (['-h'], ['--help']):
        print(__doc__)
        return len(args)>1
    show = args==['serve']
    if args and not show and not is_path(args[0]):
        print(f'expected serve or a path such as ./site, got {args[0]!r}', file=sys.stderr)
        return 2
    out = Path(args[0]).resolve() if args and not show else ROOT/'_docs'
    try:
        pages = build(out)
    except SiteError as e:
        print(f'The site was not built: {e}', file=sys.stderr)
        return 1
    print(f'{len(pages)} pages in {out}', flush=True)
    if show: serve(out)

if __name__ == '__main__': sys.exit(main(sys.argv[1:]))
