"""The writer's guide's worked example: every line of it works, in the order in which it stands."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

from tests.cli.shop import ROOT, Shop

GUIDE = (ROOT / "prompts" / "README.md").read_text("utf-8")


def commands() -> list[list[str]]:
    block = re.search(r"<!-- the test of this example .*?-->\n```sh\n(.*?)```", GUIDE, re.DOTALL)
    assert block is not None
    return [words for line in block[1].splitlines() if (words := shlex.split(line, comments=True))]


def test_from_i_want_to_soften_this_apology_to_published(tmp_path: Path) -> None:
    shop = Shop(tmp_path, f"sqlite:///{tmp_path}/ivr.sqlite3", book=ROOT / "prompts")
    shutil.copy(ROOT / "tests" / "calls_small.csv", tmp_path / "calls.csv")
    told = {}
    for number, (program, *words) in enumerate(commands()):
        if program == "sed":
            subprocess.run([program, *words], cwd=tmp_path, check=True)
        else:
            assert program == "ivr"
            told[number, words[0]] = shop.done(*words)
    said = {name: [each for (_, other), each in told.items() if other == name] for _, name in told}
    assert "truly" in said["compare"][0]
    assert "en-GB/apology.yaml" in said["import"][0]
    assert "Version 2 is in force, by Ana, with Mo's yes." in said["publish"][1]
    assert "Version 3 is in force, by Mo." in said["roll-back"][0]
    versions = shop.json("versions")
    assert isinstance(versions, list)
    assert [each["version"] for each in versions] == [3, 2, 1]
    assert versions[0]["digest"] == versions[2]["digest"]
