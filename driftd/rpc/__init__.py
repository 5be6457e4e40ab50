"""JSON-RPC 2.0 on a Unix socket: parse, call one service method, shape the answer."""
