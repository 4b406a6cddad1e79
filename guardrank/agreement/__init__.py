"""Do a judge and people agree? Statistics, studies of several judges on the same rows, and their report."""
