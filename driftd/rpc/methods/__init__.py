"""The methods of the RPC interface."""
