"What the measurements ran on"
import os, platform
from pathlib import Path

def processor():
    "Name of the processor, as far as the system tells it"
    info = Path('/proc/cpuinfo')
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith('model name'): return line.split(':')[1].strip()
    return platform.processor() or platform.machine()

def machine(threads=None):
    "The machine in one line; `threads` is how many cores were used, if that was settled"
    cores = f'{os.cpu_count()} cores'
    if threads: cores += f' of which {threads} were used'
    return f'{processor()}, {cores}, {platform.system()}, Python {platform.python_version()}'
