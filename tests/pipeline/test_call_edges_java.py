"""What calls of Java resolve to.  Each test is a small workspace and all of its edges."""

from __future__ import annotations

from driftd.pipeline.stages.call_edges import CallEdges
from tests.pipeline.in_memory import project_of, shown


def edges(files: dict[str, str]) -> list[str]:
    project = project_of(files)
    return shown(project, CallEdges().run(project, project.everything()).rows)


def outcomes(files: dict[str, str]) -> dict[str, int]:
    project, stage = project_of(files), CallEdges()
    stage.run(project, project.everything())
    return stage.statistics()[""]


class TestNames:
    """Classes are found by package and name."""

    def test_classes_of_the_same_package_need_no_import(self) -> None:
        """Fields and parameters have the type that their declaration names, wherever the files are."""
        found = edges({
            "a/Service.java": """
                package com.acme;
                class Service {
                    private Repo repo;
                    void run() { repo.save(); this.repo.save(); }
                }
            """,
            "b/Repo.java": """
                package com.acme;
                class Repo {
                    void save() {}
                }
            """,
        })
        assert found == [
            "a/Service.java:Service.run -> b/Repo.java:Repo.save 4 type_inferred 0.8",
        ]
