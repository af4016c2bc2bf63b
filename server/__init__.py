"""The Sandwright application: store, providers, generation, routes and the command line."""

__version__ = "0.1.0"
