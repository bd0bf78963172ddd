"Hand settings.ini to setuptools. A key used here must also be named in `dynamic` in pyproject.toml, or setuptools drops it."
from configparser import ConfigParser
from setuptools import setup

ini = ConfigParser(delimiters=['='])
with open('settings.ini', encoding='utf-8') as f: ini.read_file(f)
cfg = ini['DEFAULT']

def lines(key): return cfg[key].strip().splitlines()

data = { # Files that are no Python, by folder. The notebooks travel too, so that `sgd-course lab` works without a clone.
    'exercises': ['*.md', '*.toml'],
    'figures': ['*.js', '*.json'],
    'lab_settings': ['*.json'],
    'mnist': ['mnist.npz', 'README.md'],
    'questions': ['*.toml', '*.js'],
    'results': ['*.json', '*.md'],
    'notebooks': ['*.ipynb'],
    'notebooks.images': ['*'],
}

setup(
    packages = ['sgd_course', *(f'sgd_course.{o}' for o in data)],
    package_dir = {'sgd_course.notebooks': 'nbs', 'sgd_course.notebooks.images': 'nbs/images'},
    package_data = {'sgd_course': ['glossary.toml']} | {f'sgd_course.{o}': files for o, files in data.items()},
    author = cfg['author'],
    license_expression = cfg['license'],
    keywords = cfg['keywords'].split(),
    classifiers = lines('classifiers'),
    install_requires = lines('requirements'),
    extras_require = {k: lines(f'{k}_requirements') for k in ('lab', 'site', 'dev')},
    entry_points = {'console_scripts': lines('console_scripts'), 'nbdev': ['sgd_course = sgd_course._modidx:d']},
)
