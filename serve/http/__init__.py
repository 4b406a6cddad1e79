"""The judge behind HTTP: ``guardrank-serve``."""
