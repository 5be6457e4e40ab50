"""Where the world calls in: functions that a framework, a shell or a test runner calls, and by which rule."""
