"""A directory: words, filters with the number of results beside each value, pages, empty results.

`words.py` searches, `index.py` keeps the sets of bits that are counted, `facets.py` has the
filters, `finding.py` answers a query string and `pages.py` makes a page of the answer. A directory
of its own is a subclass of `finding.Found`, one of `facets.FacetSet` and a view.
"""
