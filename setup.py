"Hand settings.ini to setuptools. A key used here must also be named in `dynamic` in pyproject.toml, or setuptools drops it."
from configparser import ConfigParser
from setuptools import setup

ini = ConfigParser(delimiters=['='])
with open('settings.ini', encoding='utf-8') as f: ini.read_file(f)
cfg = ini['DEFAULT']

def lines(key): return cfg[key].strip().splitlines()

setup(
    # The notebooks travel in the wheel, so that `sgd-course lab` works without a clone.
    packages = ['sgd_course', 'sgd_course.lab_settings', 'sgd_course.mnist', 'sgd_course.notebooks', 'sgd_course.notebooks.images'],
    package_dir = {'sgd_course.notebooks': 'nbs', 'sgd_course.notebooks.images': 'nbs/images'},
    package_data = {'sgd_course.lab_settings': ['overrides.json'], 'sgd_course.mnist': ['mnist.npz', 'README.md'], 'sgd_course.notebooks': ['*.ipynb'],
        'sgd_course.notebooks.images': ['*']},
    author = cfg['author'],
    license_expression = cfg['license'],
    keywords = cfg['keywords'].split(),
    classifiers = lines('classifiers'),
    install_requires = lines('requirements'),
    extras_require = {k: lines(f'{k}_requirements') for k in ('lab', 'site', 'dev')},
    entry_points = {'console_scripts': lines('console_scripts'), 'nbdev': ['sgd_course = sgd_course._modidx:d']},
)
