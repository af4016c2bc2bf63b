"""One command a module: `add_arguments(parser)` and `run(arguments) -> exit code`."""
