"""The course's own API, one module a generation: `winter2017` and `autumn2020`.

Programs written for the course's `edf.py` run with one changed import line:

    import edf.course.winter2017 as edf
    import edf.course.autumn2020 as edf

These two modules are the only ones with global state: the lists that the programs append to.
"""
