"""Charts: small pure functions from numbers to SVG.

    scale       values -> positions, ticks          svg         elements out of numbers and escaped text
    intervals   one estimate with its interval, the row that these are made of:
    forest      kappa a rater, the human ceiling as a band; differences around zero
    favour      favour a model under test, around zero
    heat        confusion matrix                    reliability confidence against accuracy
    coverage    accuracy and kappa against the share of rows that are answered

Charts of rows take whatever width there is: their x positions are percentages, their text keeps its size, so
that one drawing suits a desk and a phone. Each says in its description what it shows.
"""
