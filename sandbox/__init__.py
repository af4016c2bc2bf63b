"""Running untrusted HTML: policy, frame, bridge and smoke test. Knows nothing of `server`."""
