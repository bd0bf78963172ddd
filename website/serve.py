"Show the built site on this machine: `python -m website serve`"
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

class QuietHandler(SimpleHTTPRequestHandler):
    "Serves files and keeps no log"
    def log_message(self, *args): pass

def make_server(folder, port=0):
    "A server of `folder` on 127.0.0.1, at a free port if `port` is 0; call its `serve_forever`"
    return ThreadingHTTPServer(('127.0.0.1', port), partial(QuietHandler, directory=str(folder)))

def serve(folder):
    "Serve `folder` until Ctrl+C"
    with make_server(folder) as server:
        print(f'http://127.0.0.1:{server.server_port}/  (Ctrl+C ends it)', flush=True)
        try: server.serve_forever()
        except KeyboardInterrupt: print()
