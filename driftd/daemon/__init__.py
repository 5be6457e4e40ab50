"""Wires everything: the task group, the runs, the service behind the RPC."""
