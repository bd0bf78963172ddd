"""Hand settings.ini to setuptools

A key used here must also be named in `dynamic` in pyproject.toml, or setuptools drops it."""
from configparser import ConfigParser
from setuptools import find_namespace_packages, setup

ini = ConfigParser(delimiters=['='])
with open('settings.ini', encoding='utf-8') as f: ini.read_file(f)
cfg = ini['DEFAULT']

def lines(key): return cfg[key].strip().splitlines()

# The notebooks travel too, so that `sgd-course lab` works without a clone.
notebooks = {
    'sgd_course.notebooks': 'nbs',
    'sgd_course.notebooks.making': 'nbs/making',
    'sgd_course.notebooks.images': 'nbs/images'}

setup(
    packages = [*find_namespace_packages(include=['sgd_course', 'sgd_course.*']), *notebooks],
    package_dir = notebooks,
    include_package_data = False,   # What an sdist has beside them is not for the wheel
    package_data = {'': ['*.css', '*.html', '*.ipynb', '*.js', '*.json', '*.jsonl', '*.md', '*.npz', '*.svg', '*.toml',
        'LICENSE*']},
    author = cfg['author'],
    license_expression = cfg['license'],
    keywords = cfg['keywords'].split(),
    classifiers = lines('classifiers'),
    install_requires = lines('requirements'),
    extras_require = {k: lines(f'{k}_requirements') for k in ('lab', 'anki', 'site', 'dev')},
    entry_points = {'console_scripts': lines('console_scripts'), 'nbdev': ['sgd_course = sgd_course._modidx:d']},
)
