"""The engine of declared languages: a language is one adapter file, one query file and one test file."""
