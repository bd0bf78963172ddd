"`python -m website [OUT]` builds the site into OUT, by default _docs; `python -m website serve` also shows it"
import sys
from pathlib import Path

from .build import ROOT, SiteError, build
from .serve import serve

def main(args):
    "Do what the command line `args` ask; returns the exit status"
    if len(args)>1 or args[:1] in (['-h'], ['--help']):
        print(__doc__)
        return len(args)>1
    show = args==['serve']
    out = Path(args[0]).resolve() if args and not show else ROOT/'_docs'
    try:
        pages = build(out)
    except SiteError as e:
        print(f'The site was not built: {e}', file=sys.stderr)
        return 1
    print(f'{len(pages)} pages in {out}', flush=True)
    if show: serve(out)

if __name__ == '__main__': sys.exit(main(sys.argv[1:]))
