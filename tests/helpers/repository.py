"What the tests know about the repository"
import os, shutil, subprocess, sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT/'sgd_course'
HELPERS = ROOT/'tests'/'helpers'
NOTEBOOKS = sorted((ROOT/'nbs').glob('[!_.]*.ipynb')) + sorted((ROOT/'nbs/making').glob('[!_.]*.ipynb'))
BIN = Path(sys.executable).parent

def repository_files():
    "The files that are tracked, or new and not ignored; a clone made by another user is read too"
    cmd = ['git', '-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard']
    names = subprocess.run(cmd, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split('\0')
    return [n for n in names if n and os.path.lexists(ROOT/n)]

def copy_repository(folder):
    "Copy the repository's files to `folder`; links stay links, and files above 5 MB become links to save time"
    for name in repository_files():
        old, new = ROOT/name, Path(folder)/name
        new.parent.mkdir(parents=True, exist_ok=True)
        if not old.is_symlink() and old.stat().st_size > 5_000_000: new.symlink_to(old)
        else: shutil.copy2(old, new, follow_symlinks=False)
    return Path(folder)
