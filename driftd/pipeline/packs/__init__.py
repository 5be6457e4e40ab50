"""Packs of frameworks: one TOML file each (see `driftd.pipeline.data.packs`)."""
