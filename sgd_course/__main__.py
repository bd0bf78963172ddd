"`python -m sgd_course` is `sgd-course`, for where that is not on the PATH"
import os, sys

if __name__ == '__main__':
    # Python looks for modules in this folder first: a file random.py there would take the place of Python's own
    if sys.path[0]==os.getcwd(): del sys.path[0]
    from sgd_course.app.cli import main
    main(prog_name='python -m sgd_course')
