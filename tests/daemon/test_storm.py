"""Many changes at once: every one of them is in the model afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.daemon.harness import Client, daemon, write_tree

FILES = 1500
SMALL = 60


def text(version: str, number: int) -> str:
    return f"def {version}_{number}(x):\n    return x + {number}\n"


def path(number: int) -> str:
    return f"p{number % 20}/m{number}.py"


def functions(client: Client) -> set[tuple[str, str]]:
    return {(item["file"], item["name"]) for item in client.items("functions") if item["name"] != "<module>"}


def expected(version: str, count: int) -> set[tuple[str, str]]:
    return {(path(number), f"{version}_{number}") for number in range(count)}


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def test_1500_files_replaced_at_once(tmp_path: Path) -> None:
    """Every file is rewritten while the daemon runs: `sync` answers when all of them are current."""
    tree = write_tree(tmp_path / "w", {path(number): text("old", number) for number in range(FILES)})
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=100)
        before = functions(client)
        write_tree(tree, {path(number): text("new", number) for number in range(FILES)})
        client.call("sync", timeout_s=100)
        after = functions(client)

    assert before == expected("old", FILES)
    assert after == expected("new", FILES)


def test_git_switches_rebases_and_stashes(tmp_path: Path) -> None:
    """Branches that replace, add and delete files: the model is that of the branch that is checked out."""
    tree = write_tree(tmp_path / "w", {path(number): text("main", number) for number in range(SMALL)})
    git(tree, "init")
    git(tree, "add", "-A")
    git(tree, "commit", "-m", "main")
    git(tree, "switch", "-c", "other")
    for number in range(SMALL // 2):
        (tree / path(number)).unlink()
    write_tree(tree, {path(number): text("other", number) for number in range(SMALL // 2, SMALL * 2)})
    git(tree, "add", "-A")
    git(tree, "commit", "-m", "other")
    on_other = {(path(number), f"other_{number}") for number in range(SMALL // 2, SMALL * 2)}
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        assert functions(client) == on_other
        git(tree, "switch", "main")
        client.call("sync", timeout_s=60)
        assert functions(client) == expected("main", SMALL)
        (tree / "extra.py").write_text("def extra():\n    pass\n")
        git(tree, "add", "-A")
        git(tree, "commit", "-m", "extra")
        git(tree, "switch", "other")
        git(tree, "rebase", "main")
        client.call("sync", timeout_s=60)
        assert functions(client) == on_other | {("extra.py", "extra")}
        (tree / "extra.py").write_text("def unsaved():\n    pass\n")
        git(tree, "stash")
        client.call("sync", timeout_s=60)
        assert functions(client) == on_other | {("extra.py", "extra")}


def test_saves_of_every_kind_and_moves_are_seen(tmp_path: Path) -> None:
    """Atomic saves, saves beside a backup, the same size in the same instant, moved and replaced folders."""
    tree = write_tree(tmp_path / "w", {path(number): text("old", number) for number in range(SMALL)})
    file = tree / path(1)

    def names(client: Client, where: str = path(1)) -> list[str]:
        client.call("sync", timeout_s=60)
        return [name for found, name in functions(client) if found == where]

    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        for number in range(5):  # write a draft, rename it over the file
            draft = file.with_name(f".{number}.tmp")
            draft.write_text(f"def atomic_{number}():\n    pass\n")
            draft.replace(file)
            assert names(client) == [f"atomic_{number}"]
        file.rename(file.with_suffix(".py~"))  # keep a backup, write anew
        file.write_text("def backed_up():\n    pass\n")
        assert names(client) == ["backed_up"]
        for letter in "abcde":  # equal sizes, as fast as it goes
            file.write_text(f"def same_{letter}():\n    pass\n")
            assert names(client) == [f"same_{letter}"]
        (tree / "p1").rename(tree / "moved")
        assert names(client) == []
        assert names(client, f"moved/{file.name}") == ["same_e"]
        (tree / "p2").rename(tree / "p1")
        assert names(client, "p1/m2.py") == ["old_2"]
        file.with_name("gone.py").write_text("def a():\n    pass\n")
        file.with_name("gone.py").unlink()
        assert names(client, "p1/gone.py") == []


@pytest.mark.parametrize("kind", ["vanishing", "growing"])
def test_files_that_change_while_they_are_read(tmp_path: Path, kind: str) -> None:
    """Files that come and go, or change again and again, while runs are under way: the last state counts."""
    tree = write_tree(tmp_path / "w", {path(number): text("old", number) for number in range(SMALL)})
    with daemon(tree) as running, running.client() as client:
        client.call("sync", timeout_s=60)
        for round_ in range(30):
            for number in range(SMALL):
                place = tree / path(number)
                if kind == "vanishing" and place.exists() and number % 3 == round_ % 3:
                    place.unlink()
                else:
                    place.write_text(text(f"r{round_}", number))
        client.call("sync", timeout_s=60)
        found = functions(client)

    there = {number for number in range(SMALL) if (tree / path(number)).exists()}
    assert {where for where, _ in found} == {path(number) for number in there}
    assert all(f"def {name}(" in (tree / where).read_text() for where, name in found)
