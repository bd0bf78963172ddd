"Show the built site on this machine: `python -m website serve`; pages load anew when their notebook has changed"
import subprocess, sys, threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WATCHED = [ROOT/name for name in ('nbs', 'sgd_course', 'website')]

class QuietHandler(SimpleHTTPRequestHandler):
    "Serves files and keeps no log"
    def log_message(self, *args): pass

def make_server(folder, port=0, handler=QuietHandler):
    "A server of `folder` on 127.0.0.1, at a free port if `port` is 0; call its `serve_forever`"
    return ThreadingHTTPServer(('127.0.0.1', port), partial(handler, directory=str(folder)))

# Pages that load anew. The pages of the site itself hold nothing of this.

RELOAD = '''<script>setInterval(async () => {
  const built = await fetch('/built').then(answer => answer.text()).catch(() => 'BUILT');
  if (built != 'BUILT') location.reload();
}, 1000)</script>'''

class LiveHandler(QuietHandler):
    "Serves pages that ask every second whether the site was built again; its number is the server's `built`"
    def do_GET(self):
        page = Path(self.translate_path(self.path))
        if page.is_dir(): page /= 'index.html'
        built = str(self.server.built)
        if self.path=='/built': self.answer(built.encode(), 'text/plain')
        elif page.suffix=='.html' and page.is_file():
            self.answer(page.read_bytes() + RELOAD.replace('BUILT', built).encode(), 'text/html; charset=utf-8')
        else: super().do_GET()

    def answer(self, body, kind):
        self.send_response(200)
        for name, value in {'Content-Type': kind, 'Content-Length': len(body), 'Cache-Control': 'no-store'}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

def state(folders):
    "What changes when a file in `folders` is written, made or deleted"
    paths = [p for folder in folders for p in folder.rglob('*')]
    kept = [p for p in paths if not any(o.startswith(('.', '__')) for o in p.parts[-2:])]
    return {p: p.stat().st_mtime_ns for p in kept if p.is_file()}

def watch(server, rebuild, folders, known, stop):
    "Call `rebuild` after each change in `folders` since `known`; `server.built` counts how often it returned true"
    while not stop.wait(1):
        if (now := state(folders))==known: continue
        known = now
        server.built += bool(rebuild())

def build_anew(folder):
    "Build the site in `folder`, in a process that sees changed programs too; returns whether that went well"
    print('Something has changed: building.', flush=True)
    return subprocess.run([sys.executable, '-m', 'website', str(folder)], cwd=ROOT).returncode==0

def serve(folder, rebuild=build_anew, folders=WATCHED):
    "Serve `folder` until Ctrl+C, and keep it up to date"
    with make_server(folder, handler=LiveHandler) as server:
        server.built, stop = 0, threading.Event()
        watcher = threading.Thread(target=watch, args=(server, lambda: rebuild(folder), folders, state(folders), stop))
        watcher.start()
        print(f'http://127.0.0.1:{server.server_port}/  (Ctrl+C ends it)', flush=True)
        try: server.serve_forever()
        except KeyboardInterrupt: print()
        finally:
            stop.set()
            watcher.join()
