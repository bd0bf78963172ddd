"""Find the browser for the tests, or install one: `python -m tools.browser` prints where it is

Any Chromium or Chrome will do. On Debian, root gets the system's package; everyone else gets Playwright's own Chromium,
which is put into a folder of one's own and needs no rights."""
import os, shutil, subprocess, sys
from functools import cache
from pathlib import Path

NAMES = 'chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'
PLACES = (
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    r'C:\Program Files\Google\Chrome\Application\chrome.exe',
    r'C:\Program Files (x86)\Google\Chrome\Application\chrome.exe')

def own_of_playwright():
    "Where Playwright's own Chromium is, or would be; nothing where Playwright itself cannot be loaded"
    try:
        from playwright.sync_api import sync_playwright
        with sync_playwright() as p: return p.chromium.executable_path
    except Exception: return None

def starts(path):
    "Is there a program at `path` that starts? On Ubuntu, `chromium-browser` may be a note that asks for a snap."
    if not path or not os.access(path, os.X_OK): return False
    if os.name=='nt': return True   # There, Chrome would open a window to tell its version
    try: return subprocess.run([path, '--version'], capture_output=True, timeout=60).returncode==0
    except (OSError, subprocess.TimeoutExpired): return False

@cache
def find():
    "The path of a Chromium or Chrome; `None` where there is none"
    known = [*map(shutil.which, NAMES), *PLACES]
    return next(filter(starts, known), None) or next(filter(starts, [own_of_playwright()]), None)

# Installing

def is_root(): return hasattr(os, 'geteuid') and os.geteuid()==0

def is_debian():
    "Ubuntu does not count: its package is a snap, which does not run everywhere"
    release = Path('/etc/os-release')
    return release.exists() and 'ID=debian' in release.read_text().splitlines() and bool(shutil.which('apt-get'))

def ways():
    "Commands of which each may install a browser on this machine, the most likely first"
    libraries = ['--with-deps'] if is_root() and shutil.which('apt-get') else []
    own = [[sys.executable, '-m', 'playwright', 'install', *libraries, 'chromium']]
    apt = [['apt-get', 'update', '-qq'], ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'chromium']]
    return [apt, own] if is_root() and is_debian() else [own]

def install():
    "Install a browser; returns its path, or `None` where no way worked"
    for commands in ways():
        for cmd in commands:
            print('There is no Chromium or Chrome, so this installs one:', ' '.join(cmd), file=sys.stderr, flush=True)
            env = os.environ | {'DEBIAN_FRONTEND': 'noninteractive'}
            if subprocess.run(cmd, env=env, stdin=subprocess.DEVNULL, stdout=sys.stderr).returncode: break
        find.cache_clear()
        if path := find(): return path
    return None

def main():
    "Print the path of a browser, which is installed if need be; returns the exit status"
    if path := find() or install():
        print(path)
        return 0
    print('No browser could be installed, so the tests that need one are skipped. '
        'Any Chromium or Chrome on the PATH will do.', file=sys.stderr)
    return 1

if __name__ == '__main__': sys.exit(main())
