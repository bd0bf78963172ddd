"What the tests know about the repository"
import ast, os, shutil, subprocess, sys
from fnmatch import fnmatch
from pathlib import Path

from tools import notebooks

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT/'sgd_course'
HELPERS = ROOT/'tests'/'helpers'
NOTEBOOKS = notebooks.paths()
BIN = Path(sys.executable).parent

def name(path):
    "The file's name, for the id of a test"
    return path.name

def repository_files():
    "The files that are tracked, or new and not ignored; a clone made by another user is read too"
    cmd = ['git', '-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    try: names = subprocess.run(cmd, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split('\0')
    except (OSError, subprocess.CalledProcessError): return files_without_git()
    return [n for n in names if n and os.path.lexists(ROOT/n)]

def files_without_git(root=ROOT):
    "The same, from .gitignore alone: for an archive that was unpacked, or a machine without git"
    patterns = [line.rstrip('/') for line in (root/'.gitignore').read_text().split()] + ['.git']
    def kept(path): return not any(fnmatch(o, p) for o in (path.name, str(path)) for p in patterns)
    found = []
    for folder, folders, names in os.walk(root):
        here = Path(folder).relative_to(root)
        folders[:] = sorted(o for o in folders if kept(here/o))
        found += [(here/o).as_posix() for o in sorted(names) if kept(here/o)]
    return found

def copy_repository(folder):
    "Copy the repository's files to `folder`; files above 5 MB become links to save time"
    for name in repository_files():
        old, new = ROOT/name, Path(folder)/name
        new.parent.mkdir(parents=True, exist_ok=True)
        if old.stat().st_size > 5_000_000: new.symlink_to(old)
        else: shutil.copy2(old, new)
    return Path(folder)

def module_name(path):
    "`sgd_course/app/cli.py` -> `sgd_course.app.cli`"
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1]=='__init__' else parts)

FOUND = sorted(p for p in PACKAGE.rglob('*.py') if 'content' not in p.parts and p.name!='_modidx.py')
MODULES = {module_name(p): p for p in FOUND}   # Path of each module of the package, by its full name

def imports(text, package=''):
    "Full names of the modules that a module with this `text` imports, anywhere; `package` is the one that it lies in"
    for n in ast.walk(ast.parse(text)):
        if isinstance(n, ast.Import): yield from (a.name for a in n.names)
        if isinstance(n, ast.ImportFrom):
            above = package.split('.')[:package.count('.') + 2 - n.level] if n.level else []
            base = '.'.join([*above, n.module] if n.module else above)
            for a in n.names: yield f'{base}.{a.name}' if f'{base}.{a.name}' in MODULES else base
