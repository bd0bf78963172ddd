"""The oldest versions with which the course works: `python -m tools.oldest` prints them as constraints for pip

They are the lower bounds in settings.ini, and `make test-oldest` runs the tests with them. Needs Python alone."""
import re
from configparser import ConfigParser
from pathlib import Path

SETTINGS = Path(__file__).resolve().parents[1]/'settings.ini'

def requirements(path=SETTINGS):
    "All lines that name a package in the settings at `path`, those of the extras too"
    ini = ConfigParser(delimiters=['='])
    ini.read(path, encoding='utf-8')
    keys = [key for key in ini['DEFAULT'] if key.endswith('requirements')]
    return [line for key in keys for line in ini['DEFAULT'][key].strip().splitlines()]

def constraint(requirement):
    "`sphinx>=9,<10` -> `sphinx==9`; raises `ValueError` where no lower bound is named"
    found = re.fullmatch(r'([\w-]+)>=([\w.]+)(?:,.*)?', requirement)
    if not found: raise ValueError(f'expected a package and its oldest version, such as numpy>=2.0, got {requirement}')
    return f'{found[1]}=={found[2]}'

def constraints(path=SETTINGS):
    "One line for each package in the settings at `path`; raises `ValueError` if two lines differ about one"
    lines = sorted({constraint(o) for o in requirements(path)})
    names = [line.split('==')[0] for line in lines]
    twice = sorted({o for o in names if names.count(o)>1})
    if twice: raise ValueError(f'expected one oldest version of each package, got two of {", ".join(twice)}')
    return lines

if __name__ == '__main__': print(*constraints(), sep='\n')
