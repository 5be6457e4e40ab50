"""Tests of the JSON-RPC server."""
