"""Give the package's version to what is "Unreleased" in CHANGELOG.md: `python -m tools.release`

The version is the one that `nbdev-bump-version` wrote.
Ends with a sentence and status 1 where there is nothing to release, or where the version was released before."""
import re, sys

from sgd_course import __version__
from sgd_course.files import write_whole
from tools.notebooks import ROOT

HEADING = re.compile(r'^## (.+)\n', re.M)

def released(text, version):
    "The changelog `text` with `version` over what was unreleased; raises `ValueError` where that makes no sense"
    headings = HEADING.findall(text)
    if version in headings:
        raise ValueError(f'version {version} is in CHANGELOG.md already: `nbdev-bump-version` makes the next one')
    changes = dict(zip(headings, map(str.strip, HEADING.split(text)[2::2]))).get('Unreleased')
    if not changes: raise ValueError('expected changes under "Unreleased" in CHANGELOG.md, found none')
    return text.replace('## Unreleased\n', f'## Unreleased\n\n## {version}\n', 1)

def main():
    "Write CHANGELOG.md; returns the exit status"
    path = ROOT/'CHANGELOG.md'
    try: text = released(path.read_text(encoding='utf-8'), __version__)
    except ValueError as e:
        print(e, file=sys.stderr)
        return 1
    write_whole(path, text.encode())
    return 0

if __name__ == '__main__': sys.exit(main())
