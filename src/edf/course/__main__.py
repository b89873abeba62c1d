"""`python -m edf.course PROGRAM.py`: run a program of the course with its `import edf` led here."""

from edf.course.run import main

if __name__ == "__main__":
    main()
