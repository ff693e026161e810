"""Looks at the catalogue from outside: which data points are there for whom, which repeat others, what each told."""
